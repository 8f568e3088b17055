import { expect, test } from 'vitest'
import { isUserEngineError } from './errors/user-engine-error.ts'
import { parseScope, tenantOf } from './scope.ts'

test('a tenant of any visible ASCII characters, and the platform with a reason', () => {
  expect(tenantOf(parseScope({ tenantId: '!~' }))).toBe('!~')
  expect(tenantOf(parseScope({ tenantId: 'x'.repeat(128) }))).toHaveLength(128)
  expect(tenantOf(parseScope({ platform: true, reason: 'sign-in' }))).toBeNull()
})

test.each([
  [undefined],
  [null],
  ['acme'],
  [{}],
  [{ tenantId: '' }],
  [{ tenantId: ' ' }],
  [{ tenantId: 'a b' }],
  [{ tenantId: 'ä' }],
  [{ tenantId: 'x'.repeat(129) }],
  [{ tenantId: undefined }],
  [{ tenantId: 7 }],
  [{ tenantId: 'a', platform: true, reason: 'both' }],
  [{ tenantId: 'a', reason: 'x' }],
  [{ platform: true }],
  [{ platform: true, reason: '' }],
  [{ platform: false, reason: 'x' }],
])('%j is refused before anything is sent [TEN-05]', (scope) => {
  let thrown: unknown
  try {
    parseScope(scope)
  } catch (error) {
    thrown = error
  }
  expect(isUserEngineError(thrown, 'SCOPE_INVALID')).toBe(true)
})
