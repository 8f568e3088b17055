// Every way an error surfaces, from recorded shapes: no database needed.
import type { ErrorCode } from '@user-engine/store-protocol'
import { describe, expect, test } from 'vitest'
import { BatchError } from './batch.ts'
import {
  type ErrorMoment,
  isAnswerOfPooler,
  isCredentialRefusal,
  isUsedIdempotencyKey,
  mapConnectError,
  mapError,
} from './map-error.ts'

const USER_ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const MOMENT: ErrorMoment = {
  committing: false,
  idempotent: false,
  timeoutMs: 5_000,
  subject: { entity: 'user', id: USER_ID, expectedVersion: 3 },
}

function serverError(code: string, fields: Record<string, unknown> = {}): Error {
  return Object.assign(new Error('canary-message'), { severity: 'ERROR', code, ...fields })
}

function socketError(code: string): Error {
  return Object.assign(new Error('canary-message'), { code, syscall: 'read', errno: -104 })
}

describe('inside a transaction', () => {
  const cases: readonly (readonly [string, Error, ErrorCode, Record<string, unknown>])[] = [
    [
      'unique violation of an identity',
      serverError('23505', { constraint: 'external_identities_subject_issuer_key' }),
      'DUPLICATE_IDENTITY',
      {},
    ],
    [
      'unique violation of an id',
      serverError('23505', { constraint: 'users_pkey' }),
      'DUPLICATE_KEY',
      { entity: 'user', key: 'id' },
    ],
    [
      'unique violation of a natural key',
      serverError('23505', { constraint: 'applications_key_key' }),
      'DUPLICATE_KEY',
      { entity: 'application', key: 'key' },
    ],
    [
      'foreign key',
      serverError('23503', { constraint: 'accounts_user_id_fkey' }),
      'NOT_FOUND',
      { entity: 'user' },
    ],
    [
      'own refusal: missing record',
      serverError('UE404', { detail: '{}' }),
      'NOT_FOUND',
      { entity: 'user', id: USER_ID },
    ],
    [
      'own refusal: missing reference',
      serverError('UE404', { detail: `{"entity":"account","id":"${USER_ID}"}` }),
      'NOT_FOUND',
      { entity: 'account', id: USER_ID },
    ],
    [
      'own refusal: other version',
      serverError('UE409', { detail: '{"currentVersion":7}' }),
      'VERSION_CONFLICT',
      { entity: 'user', id: USER_ID, expectedVersion: 3, currentVersion: 7 },
    ],
    [
      'own refusal: stale lease',
      serverError('UE412', { detail: `{"token":4,"eventIds":["${USER_ID}"]}` }),
      'STALE_LEASE',
      { token: 4, eventIds: [USER_ID] },
    ],
    ['serialization failure', serverError('40001'), 'SERIALIZATION_CONFLICT', {}],
    ['deadlock', serverError('40P01'), 'SERIALIZATION_CONFLICT', {}],
    ['statement timeout', serverError('57014'), 'DEADLINE_EXCEEDED', { timeoutMs: 5_000 }],
    ['lock timeout', serverError('55P03'), 'DEADLINE_EXCEEDED', { timeoutMs: 5_000 }],
    ['failed transaction', serverError('25P02'), 'TRANSACTION_ABORTED', {}],
    ['row-level security', serverError('42501'), 'TENANT_BOUNDARY', { entity: 'user' }],
    [
      'missing table',
      serverError('42P01'),
      'SCHEMA_MISMATCH',
      { state: 'unknown', expected: '', found: null },
    ],
    ['too many connections', serverError('53300'), 'UNAVAILABLE', { reason: 'overloaded' }],
    ['read-only server', serverError('25006'), 'UNAVAILABLE', { reason: 'starting' }],
    [
      'server shut down',
      serverError('57P01', { severity: 'FATAL' }),
      'UNAVAILABLE',
      { reason: 'connection-lost' },
    ],
    [
      'idle in transaction',
      serverError('25P03', { severity: 'FATAL' }),
      'UNAVAILABLE',
      { reason: 'connection-lost' },
    ],
    ['reset socket', socketError('ECONNRESET'), 'UNAVAILABLE', { reason: 'connection-lost' }],
    [
      'ended connection',
      new Error('Connection terminated unexpectedly'),
      'UNAVAILABLE',
      { reason: 'connection-lost' },
    ],
    [
      'a model call that Prisma refuses',
      Object.assign(new Error('canary-message'), { name: 'PrismaClientValidationError' }),
      'INTERNAL',
      { reference: 'prisma PrismaClientValidationError' },
    ],
    [
      'a record that Prisma did not find',
      Object.assign(new Error('canary-message'), { name: 'PrismaClientKnownRequestError', code: 'P2025' }),
      'INTERNAL',
      { reference: 'prisma P2025' },
    ],
    ['anything else of the server', serverError('XX000'), 'INTERNAL', { reference: 'sqlstate XX000' }],
    [
      'an unknown constraint',
      serverError('23505', { constraint: 'somebody_elses' }),
      'INTERNAL',
      { reference: 'sqlstate 23505' },
    ],
  ]

  test.each(cases)('%s', (_, thrown, code, data) => {
    const batchError = new BatchError(thrown, { index: 0, results: [], sent: true })
    for (const shape of [thrown, batchError]) {
      const error = mapError(shape, MOMENT)
      expect(error).toMatchObject({ code, data })
      expect(JSON.stringify(error)).not.toContain('canary')
      expect(error.message).not.toContain('canary')
    }
  })

  test('a contract error passes through', () => {
    const original = mapError(serverError('40001'), MOMENT)
    expect(mapError(original, MOMENT)).toBe(original)
  })
})

describe('at the commit', () => {
  const committing = { ...MOMENT, committing: true, idempotent: true }

  test.each([
    ['reset socket', socketError('ECONNRESET')],
    ['ended connection', new Error('Connection terminated unexpectedly')],
    ['server shut down', serverError('57P01', { severity: 'FATAL' })],
  ])('%s is an unknown outcome', (_, thrown) => {
    expect(mapError(thrown, committing)).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      data: { idempotent: true },
    })
  })

  test('an error that the server answered is no unknown outcome', () => {
    expect(mapError(serverError('40001'), committing)).toMatchObject({
      code: 'SERIALIZATION_CONFLICT',
      retryable: true,
    })
  })
})

describe('while connecting', () => {
  test.each([
    ['refused socket', socketError('ECONNREFUSED'), 'unreachable'],
    ['starting up', serverError('57P03', { severity: 'FATAL' }), 'starting'],
    ['wrong password', serverError('28P01', { severity: 'FATAL' }), 'refused'],
    ['no such database', serverError('3D000', { severity: 'FATAL' }), 'refused'],
    ['no connection left', serverError('53300', { severity: 'FATAL' }), 'overloaded'],
  ] as const)('%s', (_, thrown, reason) => {
    expect(mapConnectError(thrown)).toMatchObject({ code: 'UNAVAILABLE', retryable: true, data: { reason } })
  })
})

test('a refused login and a used idempotency key are told apart from the rest', () => {
  expect(isCredentialRefusal(serverError('28P01'))).toBe(true)
  expect(isCredentialRefusal(serverError('53300'))).toBe(false)
  expect(isUsedIdempotencyKey(serverError('23505', { constraint: 'idempotency_keys_pkey' }))).toBe(true)
  expect(isUsedIdempotencyKey(serverError('23505', { constraint: 'users_pkey' }))).toBe(false)
})

test('what a pooler answers for a server it has lost says nothing about how far the server came', () => {
  const lost = serverError('08P01', { severity: 'FATAL' })
  expect(isAnswerOfPooler(new BatchError(lost, { index: 0, results: [], sent: true }))).toBe(true)
  expect(isAnswerOfPooler(lost)).toBe(true)
  const shutDown = serverError('57P01', { severity: 'FATAL' })
  expect(isAnswerOfPooler(new BatchError(shutDown, { index: 0, results: [], sent: true }))).toBe(false)
  expect(isAnswerOfPooler(socketError('ECONNRESET'))).toBe(false)
})
