import { type AuditRecord, type RecordCounts, tenantOf } from '@user-engine/store-protocol'
import { describe, expect, test } from 'vitest'
import { methodOf } from './testing/call-method.ts'
import { COMMAND_CASES, type CommandCase } from './testing/command-cases.ts'
import {
  auditOf,
  CANARY,
  countsOf,
  openWorld,
  PLATFORM,
  payloadSchemaOf,
  TENANT,
  trace,
  type World,
} from './testing/world.ts'

function run(
  { engine }: World,
  { method, context }: CommandCase,
  input: object,
  rest = {},
): Promise<unknown> {
  return methodOf(engine, method)({ ...context, ...rest }, input)
}

/** What both kinds of scope hold. */
async function contentOf(world: World): Promise<RecordCounts[]> {
  return [await countsOf(world, TENANT.scope), await countsOf(world, PLATFORM.scope)]
}

const commands = COMMAND_CASES.filter(({ events }) => events !== undefined)
const versioned = COMMAND_CASES.filter(({ isVersioned }) => isVersioned)
const withInput = COMMAND_CASES.filter(({ takesNoInput }) => !takesNoInput)
const title = '$method'

test('every method of the service has its row', async () => {
  const { engine } = await openWorld()
  const methods = Object.entries(engine).flatMap(([name, member]: [string, object]) =>
    typeof member === 'function' ? [name] : Object.keys(member).map((method) => `${name}.${method}`),
  )
  // A transaction is no action of its own: the commands in it are.
  expect(COMMAND_CASES.map(({ method }) => method)).toEqual(
    expect.arrayContaining(methods.filter((method) => method !== 'transaction')),
  )
  expect(COMMAND_CASES).toHaveLength(methods.length - 1)
})

describe('asks the port once, about the action, the actor, the target and the scope', () => {
  test.for(COMMAND_CASES)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    world.authorization.requests.length = 0
    await run(world, row, input)
    expect(world.authorization.requests).toEqual([
      {
        actor: row.context.actor,
        action: row.action,
        target: { type: row.target, id: expect.any(String) },
        scope: row.context.scope,
        ...('audience' in input ? { audience: input.audience } : {}),
      },
    ])
  })
})

describe('leaves one audit record and one event for each change, in one correlation', () => {
  test.for(commands)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const { audit, events } = await trace(world, row.context, () =>
      run(world, row, input, { correlationId: 'request-7', causationId: 'event-3' }),
    )
    expect(events.map(({ type }) => type)).toEqual(row.events)
    expect(audit).toHaveLength(events.length)
    const common = {
      correlationId: 'request-7',
      causationId: 'event-3',
      tenantId: tenantOf(row.context.scope),
    }
    for (const record of audit) {
      expect(record).toMatchObject({ ...common, outcome: 'allowed', reason: null, actor: row.context.actor })
      expect(record.changedFields.length).toBeGreaterThan(0)
    }
    for (const event of events) {
      expect(event).toMatchObject({ ...common, schemaVersion: 1 })
      expect(payloadSchemaOf(event.type).safeParse(event.payload).error).toBeUndefined()
    }
    const names = (record: AuditRecord) => record.action
    if (row.action !== 'user.provision') expect(new Set(audit.map(names))).toEqual(new Set([row.action]))
  })
})

describe('says of each record what is true of it', () => {
  test.for(commands.filter(({ action }) => action !== 'user.provision'))(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const { result, audit, events } = await trace(world, row.context, () => run(world, row, input))
    const records = [result].flat() as readonly { readonly id: string; readonly version: number }[]
    expect(records).toHaveLength(events.length)
    for (const [index, record] of records.entries()) {
      expect(audit[index]?.target.id).toBe(record.id)
      const payload = events[index]?.payload ?? {}
      expect(Object.values(payload)).toContain(record.id)
      for (const field of ['version', 'status'] as const) {
        if (field in payload) expect(record).toHaveProperty(field, payload[field])
      }
    }
  })
})

describe('tells nothing personal in audit records and events [DIA-02]', () => {
  test.for(commands)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const { audit, events } = await trace(world, row.context, () => run(world, row, input))
    expect(JSON.stringify([audit, events])).not.toContain(CANARY)
  })
})

describe('when denied: on record before the caller learns of it, no event, nothing done [AUD-03]', () => {
  test.for(COMMAND_CASES)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const before = await contentOf(world)
    world.authorization.deny(row.action, 'not yours')
    const { audit, events } = await trace(world, row.context, () =>
      expect(run(world, row, input)).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        data: { action: row.action, reason: 'not yours' },
      }),
    )
    expect(events).toEqual([])
    expect(audit).toHaveLength(1)
    expect(audit[0]).toMatchObject({
      action: row.action,
      actor: row.context.actor,
      outcome: 'denied',
      reason: 'not yours',
      changedFields: [],
      target: { type: row.target },
    })
    expect(JSON.stringify(audit)).not.toContain(CANARY)
    const withoutAudit = (counts: RecordCounts) => ({ ...counts, 'audit-record': 0 })
    expect((await contentOf(world)).map(withoutAudit)).toEqual(before.map(withoutAudit))
  })
})

describe('when the port does not answer: UNAVAILABLE, and nothing done', () => {
  test.for(COMMAND_CASES)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const before = await contentOf(world)
    world.authorization.failFor(row.action)
    await expect(run(world, row, input)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      data: { reason: 'authorization' },
    })
    expect(await contentOf(world)).toEqual(before)
  })
})

describe('when the input is wrong: VALIDATION, and nobody is asked', () => {
  test.for(withInput)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    world.authorization.requests.length = 0
    const error = await run(world, row, { ...input, unknown: CANARY }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'VALIDATION',
      data: { issues: [{ path: '', expected: 'no unknown fields' }] },
    })
    expect(JSON.stringify(error)).not.toContain(CANARY)
    expect(world.authorization.requests).toEqual([])
  })
})

describe('when the scope is wrong: SCOPE_INVALID, and nobody is asked [TEN-05]', () => {
  test.for(COMMAND_CASES)(title, async (row) => {
    const world = await openWorld()
    await expect(run(world, row, {}, { scope: { tenantId: '' } })).rejects.toMatchObject({
      code: 'SCOPE_INVALID',
    })
    expect(world.authorization.requests).toEqual([])
  })
})

describe('when the version is not the current one: VERSION_CONFLICT, and nothing done [VER-02]', () => {
  test.for(versioned)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const before = await contentOf(world)
    await expect(run(world, row, { ...input, expectedVersion: 99 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      data: { expectedVersion: 99, currentVersion: expect.any(Number) },
    })
    expect(await contentOf(world)).toEqual(before)
  })
})

describe('with an idempotency key: a repetition returns the first result and does nothing [TXN-04]', () => {
  test.for(commands)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const first = await run(world, row, input, { idempotencyKey: 'once' })
    const after = await contentOf(world)
    expect(await run(world, row, input, { idempotencyKey: 'once' })).toEqual(first)
    expect(await contentOf(world)).toEqual(after)
  })
})

describe('with an idempotency key: another request under it is IDEMPOTENCY_MISMATCH [TXN-04]', () => {
  test.for(commands)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    await world.store.transact(row.context.scope, () => null, {
      idempotency: { key: 'once', fingerprint: 'of something else' },
    })
    const before = await contentOf(world)
    await expect(run(world, row, input, { idempotencyKey: 'once' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
    expect(await contentOf(world)).toEqual(before)
  })
})

describe('within a transaction: all of it goes when the transaction fails [TXN-05]', () => {
  test.for(commands)(title, async (row) => {
    const world = await openWorld()
    const input = await row.arrange(world)
    const before = await contentOf(world)
    const gone = new Error('changed my mind')
    const composed = world.engine.transaction(row.context, async (inner) => {
      await methodOf(inner, row.method)(row.context, input)
      throw gone
    })
    await expect(composed).rejects.toBe(gone)
    expect(await contentOf(world)).toEqual(before)
    expect((await auditOf(world, row.context)).filter(({ outcome }) => outcome !== 'allowed')).toEqual([])
  })
})
