// The same operations on a small database and on a large one, in turns; then on the large one while an old snapshot is
// held open, without a vacuum, and after one.
import type { LocalDatabase } from '@user-engine/provider-local'
import { createPostgresStore } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import pg from 'pg'
import { seedWorld } from '../data/seed.ts'
import type { BenchServer } from '../data/server.ts'
import type { WorldSize } from '../data/world.ts'
import { runClosedLoop } from '../measure/closed-loop.ts'
import { type Cell, type Measured, measureInterleaved } from '../measure/interleave.ts'
import { storeUnits } from '../paths/store-units.ts'
import { createPicker, OPERATIONS, type OperationName } from './operations.ts'
import { createStoreQueue } from './outbox.ts'
import type { Queue } from './queue.ts'

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
      await churn(large, options.large.delivered)
      say('growth: as many events again have come and gone')
      await measure('old snapshot held', [1])
    } finally {
      await held.end()
    }
    await measure('no vacuum', [1])
    for (const table of OUTBOX_TABLES) {
      await large.database.query(`ALTER TABLE user_engine.${table} RESET (autovacuum_enabled)`)
      await large.database.query(`VACUUM (ANALYZE) user_engine.${table}`)
    }
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
const queues = new Map<string, Queue>()

function queueOf({ name, database, store }: Pick<World, 'name' | 'database' | 'store'>): Queue {
  const queue = queues.get(name) ?? createStoreQueue(store, database)
  queues.set(name, queue)
  return queue
}

function cellsOf(
  { name, size, database, store }: World,
  condition: GrowthKey['condition'],
  callerCounts: readonly number[],
  postmasterPid: number,
): readonly Cell<GrowthKey>[] {
  const picker = pickers.get(name) ?? createPicker(size)
  pickers.set(name, picker)
  const queue = queueOf({ name, database, store })
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

const OUTBOX_TABLES = ['outbox_events_default', 'outbox_leases', 'outbox_deliveries'] as const
const MOST_AT_ONCE = 1_000
/** Every so many events one goes its own way: given back, and then claimed and settled by itself. */
const GIVEN_BACK_EVERY = 100

/** Events that are claimed and acknowledged without a vacuum behind them. */
async function churn({ name, database, store }: World, count: number): Promise<void> {
  for (const table of OUTBOX_TABLES)
    await database.query(`ALTER TABLE user_engine.${table} SET (autovacuum_enabled = false)`)
  const queue = queueOf({ name, database, store })
  for (let left = count; left > 0; ) {
    await queue.fill(Math.min(left, 200_000))
    for (;;) {
      const { token, deliveries } = await store.outbox.claim({
        consumer: 'churn',
        limit: MOST_AT_ONCE,
        leaseMs: 600_000,
      })
      if (deliveries.length === 0) break
      const given = deliveries.filter(({ attempt }, index) => attempt === 1 && index % GIVEN_BACK_EVERY === 0)
      const kept = deliveries.filter((delivery) => !given.includes(delivery))
      const idsOf = (some: typeof deliveries) => some.map(({ event }) => event.id)
      if (given.length > 0) {
        const eventIds = idsOf(given)
        await store.outbox.nack({ token, eventIds, reason: 'once more', retryAfterMs: 0 })
      }
      if (kept.length > 0) await store.outbox.ack({ token, eventIds: idsOf(kept) })
      left -= kept.length
    }
  }
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
