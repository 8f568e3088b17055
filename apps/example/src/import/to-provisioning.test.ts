import { expect, test } from 'vitest'
import { toProvisioning } from './to-provisioning.ts'

const options = { issuer: 'scim:demo', applicationId: '01890a5d-ac96-774b-bcce-b302099a8057' }

// The full user of RFC 7643 section 8.2, as far as it matters here.
const FULL_USER = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '2819c223-7f76-453a-919d-413861904646',
  externalId: '701984',
  userName: 'bjensen@example.com',
  name: { formatted: 'Ms. Barbara J Jensen, III', familyName: 'Jensen', givenName: 'Barbara' },
  displayName: 'Babs Jensen',
  nickName: 'Babs',
  profileUrl: 'https://login.example.com/bjensen',
  emails: [
    { value: 'babs@jensen.org', type: 'home' },
    { value: 'bjensen@example.com', type: 'work', primary: true },
  ],
  addresses: [{ type: 'work', streetAddress: '100 Universal City Plaza' }],
  phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
  userType: 'Employee',
  title: 'Tour Guide',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'America/Los_Angeles',
  active: true,
  password: 't1meMa$heen',
  groups: [
    {
      value: 'e9e30dba-f08f-4109-8486-d5c6a331660a',
      $ref: 'https://example.com/v2/Groups/1',
      display: 'Tour Guides',
    },
    { value: 'fc348aa8-3835-40eb-a20b-c726e15c55b5', display: '営業' },
  ],
  roles: [{ value: 'Admin' }],
  meta: { resourceType: 'User' },
}

test('the full user of the RFC becomes user, account, identity, memberships and values', () => {
  const { input, active } = toProvisioning(FULL_USER, options)
  expect(active).toBe(true)
  expect(input).toMatchObject({
    user: { kind: 'person', displayName: 'Babs Jensen' },
    account: { kind: 'human', name: 'bjensen@example.com' },
    identity: { issuer: 'scim:demo', subject: '701984' },
    memberships: [
      { group: 'tour-guides', role: 'member' },
      { group: 'fc348aa8-3835-40eb-a20b-c726e15c55b5', role: 'member' },
      { group: 'tenant', role: 'admin' },
    ],
  })
  expect(
    Object.fromEntries(input.profile?.values.map(({ attributeKey, value }) => [attributeKey, value]) ?? []),
  ).toEqual({
    'user-name': 'bjensen@example.com',
    'given-name': 'Barbara',
    'family-name': 'Jensen',
    'nick-name': 'Babs',
    title: 'Tour Guide',
    'user-type': 'Employee',
    'preferred-language': 'en-US',
    locale: 'en-US',
    'time-zone': 'America/Los_Angeles',
    'profile-url': 'https://login.example.com/bjensen',
    email: 'bjensen@example.com',
    emails: ['babs@jensen.org', 'bjensen@example.com'],
    'phone-numbers': ['555-555-5555'],
  })
  expect(JSON.stringify(input)).not.toContain(FULL_USER.password)
})

test('the minimal user of the RFC is enough; who they are falls back from externalId to id to userName', () => {
  const subjectOf = (user: object) => toProvisioning(user, options).input.identity.subject
  expect(subjectOf({ userName: 'bjensen' })).toBe('bjensen')
  expect(subjectOf({ userName: 'bjensen', id: '2819' })).toBe('2819')
  expect(subjectOf({ userName: 'bjensen', id: '2819', externalId: '701984' })).toBe('701984')
  expect(toProvisioning({ userName: 'bjensen' }, options)).toMatchObject({
    active: null,
    input: { user: { displayName: 'bjensen' }, memberships: [] },
  })
})

test('what cannot be taken is refused with its path and without its value', () => {
  const issuesOf = (user: object) => {
    try {
      toProvisioning(user, options)
    } catch (error) {
      return JSON.stringify(error)
    }
    throw new Error('it was taken')
  }
  expect(issuesOf({ userName: '' })).toContain('"path":"userName"')
  expect(issuesOf({ userName: 'a', emails: [{ value: 7 }] })).toContain('"path":"emails[0].value"')
  const group = issuesOf({ userName: 'a', groups: [{ display: '営業' }] })
  expect(group).toContain('"path":"groups[0]"')
  expect(group).not.toContain('営業')
})
