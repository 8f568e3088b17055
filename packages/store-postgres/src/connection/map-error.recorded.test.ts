// The errors that real servers, drivers and networks produced, from the record: no database needed.
import { expect, test } from 'vitest'
import { readRecords, revive } from '../testing/error-record.ts'
import { SUBJECT_ID } from '../testing/provoked-errors.ts'
import { mapConnectError, mapError } from './map-error.ts'

test.each(readRecords())('$what, at $at, via $via', ({ at, shape, becomes }) => {
  const thrown = revive(shape)
  const error =
    at === 'connect'
      ? mapConnectError(thrown)
      : mapError(thrown, {
          committing: at === 'commit',
          idempotent: true,
          timeoutMs: 5_000,
          subject: { entity: 'user', id: SUBJECT_ID, expectedVersion: 3 },
        })
  expect(error).toMatchObject(becomes)
  expect(error.message + JSON.stringify(error)).not.toContain('canary')
})

test('one situation becomes one error, however it was sent', () => {
  const outcomes = new Map<string, string>()
  for (const { what, at, becomes } of readRecords()) {
    const outcome = JSON.stringify(becomes)
    expect(outcomes.get(`${what} ${at}`) ?? outcome).toBe(outcome)
    outcomes.set(`${what} ${at}`, outcome)
  }
  expect(outcomes.size).toBeGreaterThan(30)
})
