// Inserts that travel together mean what they mean one by one: the same units of work by two stores, one of which sends
// every call as a statement of its own. Results, errors and what is in the tables are compared.

import type { LocalDatabase } from '@user-engine/provider-local'
import { isUserEngineError, type StoreTransaction } from '@user-engine/store-protocol'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Step } from './batch-plan.ts'
import type { PostgresStore } from './create-postgres-store.ts'
import { type Call, idsOf, make, type RandomImport, randomImport, TENANT } from './testing/random-imports.ts'
import { createTestDatabase } from './testing/test-database.ts'

interface Side {
  readonly database: LocalDatabase & { drop(): Promise<void> }
  readonly store: PostgresStore
}

const counted = { together: 0, undone: 0 }
let together: Side
let oneByOne: Side

async function open(plan: (steps: readonly Step[]) => readonly Step[]): Promise<Side> {
  vi.resetModules()
  vi.doMock('./batch-plan.ts', async (load) => {
    const real = await load<typeof import('./batch-plan.ts')>()
    return {
      ...real,
      planBatch: (queue: Parameters<typeof real.planBatch>[0]) => plan(real.planBatch(queue)),
      withoutRun: (...args: Parameters<typeof real.withoutRun>) => {
        const steps = real.withoutRun(...args)
        if (steps !== null) counted.undone += 1
        return steps
      },
    }
  })
  const { createPostgresStore } = await import('./create-postgres-store.ts')
  const database = await createTestDatabase()
  return { database, store: await createPostgresStore({ capability: database.capability }) }
}

beforeAll(async () => {
  together = await open((steps) => {
    if (steps.some(({ run }) => run !== null)) counted.together += 1
    return steps
  })
  oneByOne = await open((steps) =>
    [...new Set(steps.flatMap(({ calls, run }) => run ?? calls))].map((call) => ({
      call,
      calls: [call],
      run: null,
    })),
  )
})

afterAll(async () => {
  for (const { store, database } of [together, oneByOne]) {
    await store.close()
    await database.drop()
  }
  vi.doUnmock('./batch-plan.ts')
})

async function run({ store }: Side, { calls, nested, scope }: RandomImport, round: number): Promise<unknown> {
  const makeAll = (tx: StoreTransaction, some: readonly Call[]) => {
    // Looks are waited for together: until then nothing is sent.
    return some.map((call) => make(tx, call, round)).filter((_, index) => 'look' in (some[index] ?? {}))
  }
  const where = scope === 'tenant' ? { tenantId: TENANT } : ({ platform: true, reason: 'test' } as const)
  try {
    return await store.transact(where, async (tx) => {
      if (nested === null) return await Promise.all(makeAll(tx, calls))
      const [from, to] = nested
      const before = makeAll(tx, calls.slice(0, from))
      const inside = await tx
        .transact(async (inner) => await Promise.all(makeAll(inner, calls.slice(from, to))))
        .catch(outcomeOf)
      const after = makeAll(tx, calls.slice(to))
      return [await Promise.all(before), inside, await Promise.all(after)]
    })
  } catch (error) {
    return outcomeOf(error)
  }
}

function outcomeOf(error: unknown): unknown {
  if (!isUserEngineError(error)) throw error
  return { code: error.code, data: error.data }
}

const TABLES = [
  ...['users', 'accounts', 'tenant_accounts', 'external_identities', 'memberships'],
  ...['global_profile_values', 'tenant_profile_values'],
]
const LOGS = ['audit_records', 'outbox_events']

/** What a round left behind; the order of the logs is part of what they say. */
async function contentOf({ database }: Side, round: number): Promise<unknown> {
  const rowsOf = (table: string, order: string) => `'${table}', (
    SELECT jsonb_agg(to_jsonb(t) - '{created_in,created_in_since,seq,xid,appended_at}'::text[] ORDER BY ${order}) FROM user_engine.${table} t
    WHERE t.id::text LIKE '${idsOf(round)}%')`
  const parts = [...TABLES.map((table) => rowsOf(table, 'id')), ...LOGS.map((table) => rowsOf(table, 'seq'))]
  const { rows } = await database.query(`SELECT jsonb_build_object(${parts.join(', ')}) AS content`)
  return rows[0]
}

test('many inserts of one unit of work come to the same as one by one [TXN-01, TXN-08, AUD-06, OBX-05]', async () => {
  let round = 0
  await fc.assert(
    fc.asyncProperty(randomImport, async (unit) => {
      round += 1
      const [one, other] = await Promise.all([run(together, unit, round), run(oneByOne, unit, round)])
      expect(one).toEqual(other)
      expect(await contentOf(together, round)).toEqual(await contentOf(oneByOne, round))
    }),
    { numRuns: 120 },
  )
  // Chance decides how many; both ways must have been taken.
  expect(counted.together).toBeGreaterThan(10)
  expect(counted.undone).toBeGreaterThan(0)
})

const NOW = '2026-01-31T09:30:00.000Z'

test('a unit of work of thousands keeps its order and names the call at fault, and nothing of it remains', async () => {
  const { store } = together
  const idOf = (n: number) => `019b0000-0000-7000-8000-${String(n).padStart(12, '0')}`
  const record = (n: number) => ({
    ...{ id: idOf(n), tenantId: 'many', occurredAt: NOW, actor: { type: 'service' as const, id: 'test' } },
    ...{ action: 'user.create', target: { type: 'user' as const, id: idOf(n) }, outcome: 'allowed' as const },
    ...{ reason: null, changedFields: ['status'], correlationId: null, causationId: null },
  })
  const append = (numbers: readonly number[]) =>
    store.transact({ tenantId: 'many' }, (tx) => {
      for (const n of numbers) void tx.audit.append(record(n))
    })
  const numbers = Array.from({ length: 2_500 }, (_, n) => (n * 1_009) % 2_500)
  await append(numbers)
  await expect(append([...numbers.map((n) => n + 5_000), 7])).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'audit-record', key: 'id' },
  })
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = { limit: 500, ...(cursor === undefined ? {} : { cursor }) }
    const { items, nextCursor } = await store.read({ tenantId: 'many' }, (reader) =>
      reader.audit.list({ page }),
    )
    found.push(...items.map(({ id }) => id))
    if (nextCursor === null) break
    cursor = nextCursor
  }
  expect(found).toEqual(numbers.map(idOf))
})
