import { isUserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { type CommandContext, readContext, requireFittingRequest } from './command-context.ts'

const CONTEXT: CommandContext = { scope: { tenantId: 't' }, actor: { type: 'user', id: 'ada' } }

test('a context is read with its optional fields and without them', () => {
  expect(readContext(CONTEXT)).toEqual({
    ...CONTEXT,
    correlationId: undefined,
    causationId: null,
    idempotencyKey: undefined,
    timeoutMs: undefined,
  })
  const full = { correlationId: 'c', causationId: 'e', idempotencyKey: 'k', timeoutMs: 5 }
  expect(readContext({ ...CONTEXT, ...full })).toEqual({ ...CONTEXT, ...full })
})

test.each([
  ['missing', undefined],
  ['empty', { tenantId: '' }],
  ['malformed', { tenantId: 'a b' }],
  ['both kinds at once', { tenantId: 't', platform: true, reason: 'x' }],
  ['a platform without a reason', { platform: true }],
])('a scope that is %s is SCOPE_INVALID [TEN-05]', (_name, scope) => {
  expect(() => readContext({ ...CONTEXT, scope } as CommandContext)).toThrow(
    expect.objectContaining({ code: 'SCOPE_INVALID' }),
  )
})

test('no context at all is SCOPE_INVALID as well', () => {
  expect(() => readContext(undefined as never)).toThrow(expect.objectContaining({ code: 'SCOPE_INVALID' }))
})

test.each([
  ['actor', { actor: { type: 'nobody', id: 'x' } }, 'actor.type'],
  ['correlation id', { correlationId: '' }, 'correlationId'],
  ['causation id', { causationId: '\u0000' }, 'causationId'],
  ['idempotency key', { idempotencyKey: 'k'.repeat(257) }, 'idempotencyKey'],
  ['time limit', { timeoutMs: 0 }, 'timeoutMs'],
  ['misspelled field', { idempotencykey: 'k' }, ''],
])('a wrong %s is VALIDATION and names its path', (_name, wrong, path) => {
  const read = () => readContext({ ...CONTEXT, ...wrong } as CommandContext)
  expect(read).toThrow(expect.objectContaining({ code: 'VALIDATION' }))
  try {
    read()
  } catch (error) {
    expect(isUserEngineError(error, 'VALIDATION') && error.data.issues[0]?.path).toBe(path)
  }
})

const OUTER = { scope: { tenantId: 't' }, correlationId: 'c' }
const platform = { platform: true, reason: 'x' } as const

test('an inner request fits the same tenant, or any reason of the platform', () => {
  requireFittingRequest(readContext(CONTEXT), OUTER)
  requireFittingRequest(readContext({ ...CONTEXT, scope: platform }), {
    scope: { ...platform, reason: 'y' },
    correlationId: 'c',
  })
})

test.each([
  ['another tenant', { scope: { tenantId: 'u' } }, 'SCOPE_INVALID'],
  ['the platform', { scope: platform }, 'SCOPE_INVALID'],
  ['an idempotency key', { idempotencyKey: 'k' }, 'VALIDATION'],
  ['a time limit', { timeoutMs: 5 }, 'VALIDATION'],
])('an inner request with %s is %s', (_name, wrong, code) => {
  const request = readContext({ ...CONTEXT, ...wrong })
  expect(() => requireFittingRequest(request, OUTER)).toThrow(expect.objectContaining({ code }))
})
