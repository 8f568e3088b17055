import { expect, test } from 'vitest'
import { isUserEngineError } from './errors/user-engine-error.ts'
import { profileValueSchema } from './profile-values/profile-value.ts'
import { userSchema } from './users/user.ts'
import { validate } from './validate.ts'

const AT = '2026-01-01T00:00:00.000Z'
const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const user = {
  id: ID,
  kind: 'person',
  displayName: null,
  status: 'active',
  version: 1,
  createdAt: AT,
  updatedAt: AT,
}

function issuesOf(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (isUserEngineError(error, 'VALIDATION')) return error.data.issues
    throw error
  }
  throw new Error('nothing was thrown')
}

test("a good record passes and is not the caller's object [SHP-06]", () => {
  expect(validate(userSchema, user)).toEqual(user)
  expect(validate(userSchema, user)).not.toBe(user)
})

test('every wrong path is named and no value is repeated [VAL-02]', () => {
  const issues = issuesOf(() =>
    validate(userSchema, { ...user, id: 'canary', status: 'canary', canary: 1, version: 0 }),
  )
  expect(issues.map(({ path }) => path).sort()).toEqual(['', 'id', 'status', 'version'])
  expect(JSON.stringify(issues)).not.toContain('canary')
})

test('the path leads into a JSON value', () => {
  const value = {
    ...{
      id: ID,
      userId: ID,
      scope: { level: 'global' },
      attributeKey: 'a',
      value: { a: [{ b: Number.NaN }] },
    },
    provenance: { source: 's', actor: { type: 'system', id: 'x' }, catalogId: ID, catalogVersion: 1 },
    ...{ version: 1, createdAt: AT, updatedAt: AT },
  }
  expect(issuesOf(() => validate(profileValueSchema, value))).toEqual([
    { path: 'value.a[0].b', expected: 'a finite number' },
  ])
})
