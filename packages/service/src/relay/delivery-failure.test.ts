import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import {
  askedPause,
  DeliveryFailure,
  describeFailure,
  isPermanent,
  isUnavailable,
} from './delivery-failure.ts'

const CANARY = 'canary value'

test.each<[string, unknown, string]>([
  ['a failure of ours', new DeliveryFailure({ code: 'HTTP_503' }), 'DeliveryFailure HTTP_503'],
  ['an error of the contract', new UserEngineError('UNAVAILABLE', { reason: 'refused' }), 'UNAVAILABLE'],
  ['a bug', new TypeError(CANARY), 'TypeError'],
  ['a system error', Object.assign(new Error(CANARY), { code: 'ECONNRESET' }), 'Error ECONNRESET'],
  ['a code that is a text', Object.assign(new Error(CANARY), { code: CANARY }), 'Error'],
  ['a name that is a text', Object.assign(new Error(CANARY), { name: CANARY }), 'Error'],
  ['a thrown text', CANARY, 'a thrown value that is no error'],
  ['nothing', null, 'a thrown value that is no error'],
])('%s is described by class and code alone [DIA-02]', (_name, error, reason) => {
  expect(describeFailure(error)).toBe(reason)
})

test('permanent is what says so', () => {
  expect(isPermanent(new DeliveryFailure({ code: 'HTTP_410', permanent: true }))).toBe(true)
  expect(isPermanent(Object.assign(new Error('x'), { permanent: true }))).toBe(true)
  expect(isPermanent(new DeliveryFailure({ code: 'HTTP_500' }))).toBe(false)
  for (const other of [null, 'permanent', { permanent: 'yes' }, new Error('permanent')]) {
    expect(isPermanent(other)).toBe(false)
  }
})

test('unavailable is what says so', () => {
  expect(isUnavailable(new DeliveryFailure({ code: 'UNREACHABLE', unavailable: true }))).toBe(true)
  for (const other of [new DeliveryFailure({ code: 'HTTP_400' }), null, new Error('unavailable')]) {
    expect(isUnavailable(other)).toBe(false)
  }
})

test.each<[string, unknown, number]>([
  ['asked for', new DeliveryFailure({ code: 'HTTP_429', retryAfterMs: 1_500.5 }), 1_501],
  ['not asked for', new DeliveryFailure({ code: 'HTTP_503' }), 0],
  ['unbearable', { retryAfterMs: Number.POSITIVE_INFINITY }, 3_600_000],
  ['no number', { retryAfterMs: 'soon' }, 0],
  ['in the past', { retryAfterMs: -1 }, 0],
  ['of no error', null, 0],
])('a pause that is %s', (_name, error, pause) => {
  expect(askedPause(error)).toBe(pause)
})
