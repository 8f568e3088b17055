import type { ProvisionUserInput } from '@user-engine/service'
import { keySchema, UserEngineError, validate } from '@user-engine/store-protocol'
import { type ScimUser, scimUserSchema } from '../scim/scim-user.ts'

type ProfileItem = NonNullable<ProvisionUserInput['profile']>['values'][number]

/** What one SCIM user asks for. */
export interface WantedUser {
  readonly input: ProvisionUserInput
  /** What the directory says about being active; `null` when it says nothing. */
  readonly active: boolean | null
}

/**
 * Turns a SCIM user into what provisioning takes. Who they are is (issuer, externalId, else id, else userName), so a
 * user keeps its identity when it is renamed.
 * @throws UserEngineError `VALIDATION` with paths into the SCIM user, never with values.
 */
export function toProvisioning(
  record: unknown,
  options: { readonly issuer: string; readonly applicationId: string },
): WantedUser {
  const user = validate(scimUserSchema, record)
  const subject = user.externalId || user.id || user.userName
  const displayName = user.displayName || user.name?.formatted || fullName(user) || user.userName
  return {
    active: user.active ?? null,
    input: {
      user: { kind: 'person', displayName: displayName.slice(0, 256) },
      account: { kind: 'human', name: user.userName },
      identity: { issuer: options.issuer, subject },
      memberships: membershipsOf(user),
      replaceMemberships: true,
      profile: {
        applicationId: options.applicationId,
        source: 'scim',
        audience: 'tenant-administrator',
        values: valuesOf(user),
      },
    },
  }
}

function fullName({ name }: ScimUser): string {
  return [name?.givenName, name?.familyName].filter(Boolean).join(' ')
}

function membershipsOf({ groups, roles }: ScimUser): { group: string; role: string }[] {
  const inGroups = (groups ?? []).map(({ value, display }, index) => ({
    group: toKey([display, value], `groups[${index}]`),
    role: 'member',
  }))
  const withRoles = (roles ?? []).map(({ value, display }, index) => ({
    group: 'tenant',
    role: toKey([value, display], `roles[${index}]`),
  }))
  const unique = new Map([...inGroups, ...withRoles].map((grant) => [`${grant.group}/${grant.role}`, grant]))
  return [...unique.values()]
}

// Groups and roles of directories are free text; keys here are not. Two that end up the same are one.
function toKey(candidates: readonly (string | null | undefined)[], path: string): string {
  const key = candidates.map(asKey).find((candidate) => keySchema.safeParse(candidate).success)
  if (key !== undefined) return key
  const expected = 'a name or an id with at least one letter or digit of the Latin alphabet'
  throw new UserEngineError('VALIDATION', { issues: [{ path, expected }] })
}

function asKey(text: string | null | undefined): string {
  const plain = (text ?? '').normalize('NFKD').replace(/\p{Mark}/gu, '')
  return plain
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 128)
}

function valuesOf(user: ScimUser): ProfileItem[] {
  const emails = textsOf(user.emails)
  const primary = user.emails?.find(({ primary: isPrimary }) => isPrimary === true)?.value ?? emails[0]
  const candidates: readonly (readonly [
    key: string,
    value: string | readonly string[] | null | undefined,
  ])[] = [
    ['user-name', user.userName],
    ['given-name', user.name?.givenName],
    ['family-name', user.name?.familyName],
    ['nick-name', user.nickName],
    ['title', user.title],
    ['user-type', user.userType],
    ['preferred-language', user.preferredLanguage],
    ['locale', user.locale],
    ['time-zone', user.timezone],
    ['profile-url', user.profileUrl],
    ['email', primary],
    ['emails', emails],
    ['phone-numbers', textsOf(user.phoneNumbers)],
  ]
  return candidates.flatMap(([attributeKey, value]) =>
    value === undefined || value === null || value === '' || value.length === 0
      ? []
      : [{ level: 'tenant' as const, attributeKey, value: typeof value === 'string' ? value : [...value] }],
  )
}

function textsOf(values: ScimUser['emails']): string[] {
  return (values ?? []).flatMap(({ value }) => (value ? [value] : []))
}
