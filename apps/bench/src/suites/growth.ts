// The same operations on a small database and on a large one, in turns; then on the large one while an old snapshot is
// held open, without a vacuum, and after one.
import type { LocalDatabase } from '@user-engine/provider-local'
import { createPostgresStore } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import pg from 'pg'
import { seedWorld } from '../data/seed.ts'
import type { BenchServer } from '../data/server.ts'
import { SEEDED, seededIdSql, type WorldSize } from '../data/world.ts'
import { runClosedLoop } from '../measure/closed-loop.ts'
import { type Cell, type Measured, measureInterleaved } from '../measure/interleave.ts'
import { storeUnits } from '../paths/store-units.ts'
import { createPicker, OPERATIONS, type OperationName } from './operations.ts'
import { createStoreQueue } from './outbox.ts'

export const GROWTH_OPERATIONS = [...OPERATIONS, 'claimAndAck'] as const
export const CONDITIONS = ['grown', 'old snapshot held', 'no vacuum', 'vacuumed'] as const

export interface GrowthKey {
  readonly operation: OperationName | 'claimAndAck'
  /** The middle one is there for pages alone: its tenants are as large as those of the large one. */
  readonly world: 'small' | 'middle' | 'large'
  readonly callers: number
  readonly condition: (typeof CONDITIONS)[number]
}

export interface GrowthOptions {
  readonly server: BenchServer
  readonly small: WorldSize
  readonly middle: WorldSize
  readonly large: WorldSize
  readonly rounds: number
  readonly durationMs: number
  readonly say: (line: string) => void
  /** Gets all that has been measured so far after every condition. */
  readonly onMeasured: (cells: readonly Measured<GrowthKey>[]) => void
}

const BATCH = 100
const WAITING = 20_000

export async function measureGrowth(options: GrowthOptions): Promise<void> {
  const { server, say, rounds, durationMs } = options
  const small = await openWorld(server, 'small', options.small)
  const middle = await openWorld(server, 'middle', options.middle)
  const large = await openWorld(server, 'large', options.large)
  say('growth: the worlds are filled')
  const measured: Measured<GrowthKey>[] = []
  const measure = async (condition: GrowthKey['condition'], callers: readonly number[]) => {
    const ofWorld = (world: World) => cellsOf(world, condition, callers, server.postmasterPid)
    const pages = condition === 'grown' ? ofWorld(middle).filter(({ key }) => isPage(key)) : []
    const cells = [...ofWorld(small), ...pages, ...ofWorld(large)]
    const inPairs = cells.toSorted((a, b) => orderOf(a.key) - orderOf(b.key))
    measured.push(...(await measureInterleaved(inPairs, { rounds, durationMs })))
    options.onMeasured([...measured])
    say(`growth: measured ${condition}`)
  }
  try {
    await measure('grown', [1, 16])
    const held = await holdSnapshot(server, large.database)
    try {
      await churn(large.database, options.large.delivered)
      say('growth: the deliveries have come and gone')
      await measure('old snapshot held', [1])
    } finally {
      await held.end()
    }
    await measure('no vacuum', [1])
    await large.database.query('ALTER TABLE user_engine.outbox_deliveries RESET (autovacuum_enabled)')
    await large.database.query('VACUUM (ANALYZE) user_engine.outbox_deliveries')
    await measure('vacuumed', [1])
  } finally {
    for (const { store } of [small, middle, large]) await store.close()
  }
}

interface World {
  readonly name: GrowthKey['world']
  readonly size: WorldSize
  readonly database: LocalDatabase
  readonly store: UserEngineStore
}

async function openWorld(server: BenchServer, name: World['name'], size: WorldSize): Promise<World> {
  const database = await server.createDatabase(`bench_growth_${name}`)
  await seedWorld(database, size)
  return { name, size, database, store: await createPostgresStore({ capability: database.capability }) }
}

function isPage({ operation }: GrowthKey): boolean {
  return operation === 'listPage'
}

function orderOf({ operation, callers }: GrowthKey): number {
  return GROWTH_OPERATIONS.indexOf(operation) * 100 + callers
}

const pickers = new Map<string, ReturnType<typeof createPicker>>()
const queues = new Map<string, ReturnType<typeof createStoreQueue>>()

function cellsOf(
  { name, size, database, store }: World,
  condition: GrowthKey['condition'],
  callerCounts: readonly number[],
  postmasterPid: number,
): readonly Cell<GrowthKey>[] {
  const picker = pickers.get(name) ?? createPicker(size)
  pickers.set(name, picker)
  const queue = queues.get(name) ?? createStoreQueue(store, database)
  queues.set(name, queue)
  const units = storeUnits(store, size)
  return callerCounts.flatMap((callers) => [
    ...OPERATIONS.map((operation) => ({
      key: { operation, world: name, callers, condition },
      round: (durationMs: number) =>
        runClosedLoop({
          callers,
          durationMs,
          postmasterPid,
          async operation(caller) {
            const pick = picker.pick(operation, caller, callers)
            await units[operation](pick)
            picker.changed(operation, pick)
          },
        }),
    })),
    ...(callers === 1
      ? [
          {
            key: { operation: 'claimAndAck' as const, world: name, callers, condition },
            async round(durationMs: number) {
              await queue.fill(WAITING)
              const operation = (consumer: number) => queue.take(consumer, BATCH)
              return await runClosedLoop({ callers, durationMs, postmasterPid, operation })
            },
          },
        ]
      : []),
  ])
}

/** Deliveries that come and go without a vacuum behind them. */
async function churn(database: LocalDatabase, count: number): Promise<void> {
  await database.query('ALTER TABLE user_engine.outbox_deliveries SET (autovacuum_enabled = false)')
  await database.query(`
    INSERT INTO user_engine.outbox_deliveries (seq, tenant_id, event_id, aggregate_type, aggregate_id)
    SELECT e.seq, e.tenant_id, e.id, e.aggregate_type, e.aggregate_id FROM user_engine.outbox_events e
    WHERE e.seq <= ${count} AND e.id >= ${seededIdSql(SEEDED.event, '1::bigint')}`)
  await database.query(`DELETE FROM user_engine.outbox_deliveries WHERE seq <= ${count}`)
}

/** A transaction that sees the database as it is now, until it is ended. */
async function holdSnapshot(server: BenchServer, database: LocalDatabase): Promise<pg.Client> {
  const { host, port, user, password } = server.provider.serverHandle.admin
  const client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await client.query('SELECT count(*) FROM user_engine.schema_compatibility')
  return client
}
