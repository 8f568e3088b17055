// Every operation, by every path, with one caller and with many, in turns on one server.
import type { LocalDatabase } from '@user-engine/provider-local'
import { createPostgresStore } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { createBenchService } from '../data/bench-service.ts'
import { SEEDED, seededId, type WorldSize } from '../data/world.ts'
import { runClosedLoop } from '../measure/closed-loop.ts'
import type { Cell } from '../measure/interleave.ts'
import { runPgbench } from '../paths/pgbench.ts'
import { openPlainPool, runAwaited } from '../paths/plain-pg.ts'
import { prismaCommandUnits } from '../paths/prisma-command-units.ts'
import { openPrisma, prismaUnits } from '../paths/prisma-units.ts'
import { serviceUnits } from '../paths/service-units.ts'
import { storeUnits } from '../paths/store-units.ts'
import { pgbenchScript, type TemplateCall, templateOf } from '../paths/template.ts'
import { type RecordedCall, recordCalls, startRecorder } from '../paths/wire-recording.ts'
import { createPicker, OPERATIONS, type OperationName, type Pick, rangeOf } from './operations.ts'

/** `prismaCommand` reads what the command of the service reads; only where that decides on something. */
export const PATHS = ['limit', 'store', 'service', 'pg', 'prisma', 'prismaCommand'] as const

export type PathName = (typeof PATHS)[number]

export const CALLERS = [1, 16] as const

export interface ComparisonKey {
  readonly operation: OperationName
  readonly path: PathName
  readonly callers: number
}

export interface Comparison {
  readonly cells: readonly Cell<ComparisonKey>[]
  /** The statements of each operation, as they were sent. */
  readonly templates: ReadonlyMap<OperationName, readonly TemplateCall[]>
  close(): Promise<void>
}

const RECORDED_RECORD = 3
const RECORDED_VERSION = 777

export async function openComparison(options: {
  readonly database: LocalDatabase
  readonly size: WorldSize
  readonly postmasterPid: number
  readonly paths: readonly PathName[]
  readonly operations: readonly OperationName[]
}): Promise<Comparison> {
  const { database, size, postmasterPid } = options
  const picker = createPicker(size)
  const { store, templates, settings } = await openRecorded(database, size)
  picker.set('updateUser', RECORDED_RECORD, RECORDED_VERSION + 1)
  picker.set('setProfileValue', RECORDED_RECORD, RECORDED_VERSION + 1)
  const service = createBenchService(store)
  const lease = await database.capability.lease('runtime')
  const most = Math.max(...CALLERS)
  const pool = openPlainPool(lease, most)
  const prisma = openPrisma(lease, most)
  const awaited = (operation: OperationName) => {
    const calls = templates.get(operation) ?? []
    return (pick: Pick) => runAwaited(pool, calls, { pick, size })
  }
  const units: {
    readonly [Path in Exclude<PathName, 'limit'>]: {
      readonly [Name in OperationName]?: (pick: Pick) => Promise<unknown>
    }
  } = {
    store: storeUnits(store, size),
    service: serviceUnits(service, size),
    pg: Object.fromEntries(OPERATIONS.map((operation) => [operation, awaited(operation)])),
    prisma: prismaUnits(prisma, size),
    prismaCommand: prismaCommandUnits(prisma, size),
  }
  const cellsOf = (key: ComparisonKey): readonly Cell<ComparisonKey>[] => {
    const { operation, path, callers } = key
    if (path === 'limit') {
      const script = pgbenchScript(templates.get(operation) ?? [], size, rangeOf(operation, size))
      const round = (durationMs: number) =>
        runPgbench({ script, lease, settings, callers, durationMs, postmasterPid })
      return [{ key, needsNoWarmUp: true, round }]
    }
    const run = units[path][operation]
    if (run === undefined) return []
    const once = async (caller: number) => {
      const pick = picker.pick(operation, caller, callers)
      await run(pick)
      picker.changed(operation, pick)
    }
    const round = (durationMs: number) =>
      runClosedLoop({ callers, durationMs, postmasterPid, operation: once })
    return [{ key, round }]
  }
  return {
    cells: options.operations.flatMap((operation) =>
      CALLERS.flatMap((callers) => options.paths.flatMap((path) => cellsOf({ operation, path, callers }))),
    ),
    templates,
    async close() {
      await prisma.$disconnect()
      await pool.end()
      await store.close()
    },
  }
}

/** Opens the store and records what it sends for each operation, once. */
async function openRecorded(
  database: LocalDatabase,
  size: WorldSize,
): Promise<{
  readonly store: UserEngineStore
  readonly templates: ReadonlyMap<OperationName, readonly TemplateCall[]>
  readonly settings: ReadonlyMap<string, string>
}> {
  const n = RECORDED_RECORD
  await database.query(
    `UPDATE user_engine.users SET version = ${RECORDED_VERSION} WHERE id = '${seededId(SEEDED.user, n)}'`,
  )
  await database.query(
    `UPDATE user_engine.tenant_profile_values SET version = ${RECORDED_VERSION}
     WHERE id = '${seededId(SEEDED.firstValue, n)}'`,
  )
  const recorder = startRecorder()
  const store = await createPostgresStore({ capability: database.capability })
  const units = storeUnits(store, size)
  const templates = new Map<OperationName, readonly TemplateCall[]>()
  // The first use of a schema is judged before it is served: not a part of any operation.
  await units.getUser({ n, version: 1 })
  for (const operation of OPERATIONS) {
    const calls = await recordCalls(() => units[operation]({ n, version: RECORDED_VERSION }))
    const version = operation === 'updateUser' || operation === 'setProfileValue' ? RECORDED_VERSION : null
    templates.set(operation, templateOf({ n, version, calls: wholeTransaction(calls) }, size))
  }
  recorder.stop()
  return { store, templates, settings: recorder.settings }
}

// What begins with BEGIN ends with COMMIT: the end of a read is not waited for, and may or may not have been recorded.
function wholeTransaction(calls: readonly RecordedCall[]): readonly RecordedCall[] {
  if (calls[0]?.text.startsWith('BEGIN') !== true) return calls
  const isEnd = ({ text }: RecordedCall) => text === 'COMMIT' || text === 'ROLLBACK'
  return [...calls.filter((call) => !isEnd(call)), { text: 'COMMIT', values: [] }]
}
