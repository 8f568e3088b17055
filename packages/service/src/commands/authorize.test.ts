import { isUserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import type { AuthorizationPort } from '../ports/authorization-port.ts'
import { authorize } from './authorize.ts'

const REQUEST = {
  actor: { type: 'system', id: 'test' },
  action: 'user.get',
  target: { type: 'user', id: '*' },
  scope: { tenantId: 't' },
} as const

// What a port written in JavaScript may answer.
function answering(answer: unknown): AuthorizationPort {
  return { authorize: () => answer as ReturnType<AuthorizationPort['authorize']> }
}

test('an answer at once is passed on at once', () => {
  expect(authorize(answering({ allowed: true }), REQUEST)).toEqual({ allowed: true })
  expect(authorize(answering({ allowed: false, reason: 'no' }), REQUEST)).toEqual({
    allowed: false,
    reason: 'no',
  })
})

test('an answer that takes time is waited for', async () => {
  const denied = authorize(answering(Promise.resolve({ allowed: false, reason: 'no' })), REQUEST)
  expect(denied).toBeInstanceOf(Promise)
  expect(await denied).toEqual({ allowed: false, reason: 'no' })
  expect(await authorize(answering(Promise.resolve({ allowed: true })), REQUEST)).toEqual({ allowed: true })
})

test.each<[string, () => unknown]>([
  ['nothing', () => undefined],
  ['a truth value', () => true],
  ['something that is nearly a permission', () => ({ allowed: 'true' })],
  ['a refusal without a reason', () => ({ allowed: false })],
  ['a promise of nothing', () => Promise.resolve(undefined)],
  ['a promise of a truth value', () => Promise.resolve(true)],
  ['a rejection', () => Promise.reject(new Error('down'))],
])('%s is no decision, and nobody is allowed by it', async (_name, answer) => {
  const decide = async () => await authorize(answering(answer()), REQUEST)
  await expect(decide()).rejects.toSatisfy(
    (error) => isUserEngineError(error, 'UNAVAILABLE') && error.data.reason === 'authorization',
  )
})

test('a port that throws is unavailable, and what it threw stays with the error', async () => {
  const cause = new Error('down')
  const port: AuthorizationPort = {
    authorize() {
      throw cause
    },
  }
  expect(() => authorize(port, REQUEST)).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE', retryable: true, cause }),
  )
})

test.each([
  ['empty', '', 'denied without a reason'],
  ['over-long', 'x'.repeat(2_000), 'x'.repeat(1_024)],
  ['not storable', 'a\u0000b\ud800', 'ab\ufffd'],
  ['cut in the middle of a character', `${'x'.repeat(1_023)}😀`, `${'x'.repeat(1_023)}\ufffd`],
])('a reason that is %s does not lose the denial', (_name, reason, kept) => {
  expect(authorize(answering({ allowed: false, reason }), REQUEST)).toEqual({ allowed: false, reason: kept })
})
