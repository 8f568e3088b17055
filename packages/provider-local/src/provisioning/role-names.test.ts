import { expect, test } from 'vitest'
import { assertRolePrefix, isLoginOf, isLoginOfEarlierRun, newLoginName } from './role-names.ts'

const serverStart = Date.UTC(2026, 0, 1)
const longest = 'a'.repeat(20)

test('a login name fits into Postgres, is new each time, and says where it belongs', () => {
  const options = { prefix: longest, role: 'migration', database: 'x'.repeat(63), serverStart } as const
  const name = newLoginName(options)
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
  expect(newLoginName(options)).not.toBe(name)
  expect(isLoginOf(name, longest, options.database)).toBe(true)
  expect(isLoginOf(name, longest, 'another')).toBe(false)
  expect(isLoginOf(name, 'a', options.database)).toBe(false)
  expect(isLoginOfEarlierRun(name, longest, serverStart)).toBe(false)
  expect(isLoginOfEarlierRun(name, longest, serverStart + 1)).toBe(true)
})

test('roles of others are no logins of ours', () => {
  for (const name of ['postgres', 'user_engine_owner', 'user_engine_runtime', 'user_engine_runtime_x_y_z']) {
    expect(isLoginOf(name, 'user_engine', 'postgres')).toBe(false)
    expect(isLoginOfEarlierRun(name, 'user_engine', 0)).toBe(false)
  }
})

test.each(['', 'pg_own', '1st', 'Upper', 'with space', 'a"b', 'a'.repeat(21)])(
  'a prefix that cannot begin a role is refused: %j',
  (prefix) => {
    expect(() => assertRolePrefix(prefix)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  },
)
