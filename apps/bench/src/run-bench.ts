import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedWorld } from './data/seed.ts'
import { type BenchServer, SETTINGS, startServer } from './data/server.ts'
import { type Cell, measureInterleaved } from './measure/interleave.ts'
import { type Profile, profileRound } from './measure/profile.ts'
import { hasPgbench } from './paths/pgbench.ts'
import { judge, missedCells } from './report/judge.ts'
import { writePage } from './report/write-page.ts'
import { describeMachine, type Part, type Results } from './results.ts'
import { openComparison, PATHS } from './suites/comparison.ts'
import { measureGrowth } from './suites/growth.ts'
import { openImportSuite } from './suites/import.ts'
import { measureMemory } from './suites/memory.ts'
import { OPERATIONS } from './suites/operations.ts'
import { openOutboxSuite } from './suites/outbox.ts'

export const PARTS = ['operations', 'outbox', 'import', 'memory', 'growth'] as const

export type PartName = (typeof PARTS)[number]

export interface BenchOptions {
  readonly quick: boolean
  readonly only?: readonly PartName[] | undefined
  readonly rounds?: number | undefined
  readonly seconds?: number | undefined
  /** The folder of latest.json. A quick run writes quick.json instead. */
  readonly results: string
  /** The folder of the page; a quick run leaves it as it is. */
  readonly docs: string
  readonly say: (line: string) => void
}

const SMALL = { users: 10_000, tenants: 1, delivered: 0, auditRecords: 0 }
const LARGE = { users: 1_000_000, tenants: 1_000, delivered: 2_000_000, auditRecords: 5_000_000 }
const MIDDLE = { ...SMALL, users: 100_000, tenants: 100 }
const QUICK_SMALL = { ...SMALL, users: 2_000 }
const QUICK_MIDDLE = { ...SMALL, users: 5_000, tenants: 25 }
const QUICK_LARGE = { users: 20_000, tenants: 100, delivered: 20_000, auditRecords: 20_000 }

const MEMORY_WORLDS = [
  { records: 10_000, commands: 0 },
  { records: 100_000, commands: 0 },
  { records: 1_000_000, commands: 0 },
  { records: 10_000, commands: 1_000_000 },
]
const QUICK_MEMORY_WORLDS = [
  { records: 10_000, commands: 0 },
  { records: 100_000, commands: 0 },
  { records: 10_000, commands: 20_000 },
]

/** One run: what is measured, for how long, and where it goes. */
interface Run {
  readonly parts: ReadonlySet<PartName>
  readonly quick: boolean
  readonly rounds: number
  readonly durationMs: number
  readonly say: (line: string) => void
  readonly results: Results
  /** Called after every part: a run that is ended early leaves what it has. */
  readonly save: () => void
}

/** Runs the parts, those that need a server on one, and writes results, table and plot. */
export async function runBench(options: BenchOptions): Promise<Results> {
  const { quick, say, results: folder } = options
  const file = join(folder, quick ? 'quick.json' : 'latest.json')
  const results: Results = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {}
  mkdirSync(folder, { recursive: true })
  const run: Run = {
    parts: new Set<PartName>(options.only ?? PARTS),
    quick,
    rounds: options.rounds ?? (quick ? 1 : 5),
    durationMs: (options.seconds ?? (quick ? 0.2 : 1)) * 1000,
    say,
    results,
    save: () => writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`),
  }
  if (run.parts.has('memory')) await runMemory(run)
  if (PARTS.some((name) => name !== 'memory' && run.parts.has(name))) await runOnServer(run)
  if (!quick) writePage(results, options.docs)
  for (const { group, what, target, measured, met } of judge(results))
    say(`${met ? 'met   ' : 'missed'} ${group}: ${what}: ${measured.toFixed(2)} (target ${target})`)
  return results
}

async function runMemory({ quick, rounds, durationMs, say, results, save }: Run): Promise<void> {
  const { cells, use } = await measureMemory({
    worlds: quick ? QUICK_MEMORY_WORLDS : MEMORY_WORLDS,
    rounds,
    durationMs: durationMs / 2,
    say,
  })
  const machine = describeMachine(null, {})
  const measuredAt = new Date().toISOString()
  results.memory = { measuredAt, machine, quick, durationMs: durationMs / 2, cells, use }
  save()
}

async function runOnServer({ parts, quick, rounds, durationMs, say, results, save }: Run): Promise<void> {
  const server = await startServer()
  try {
    const part = <Key>(cells: Part<Key>['cells']): Part<Key> => ({
      measuredAt: new Date().toISOString(),
      machine: describeMachine(server.provider.backend.serverVersion, SETTINGS),
      quick,
      durationMs,
      cells,
    })
    const limits = { server, rounds, durationMs, say }
    if (parts.has('operations')) {
      const size = quick ? QUICK_SMALL : SMALL
      const { cells, profiles } = await compareOperations({ ...limits, size, part })
      results.comparison = { ...part(cells), size, profiles }
      save()
    }
    if (parts.has('outbox')) {
      say('outbox')
      const suite = await openOutboxSuite(server)
      // Filling takes longer than a round.
      results.outbox = part(
        await measureInterleaved(suite.cells, { rounds: Math.min(rounds, 3), durationMs }),
      )
      await suite.close()
      save()
    }
    if (parts.has('import')) {
      say('import')
      const users = quick ? 1_000 : 20_000
      const suite = await openImportSuite(server, users)
      const measured = part(await measureInterleaved(suite.cells, { rounds, durationMs: 1_000 }))
      const profiles = await profileMissed(
        { import: { ...measured, users, profiles: [] } },
        { cells: suite.cells, durationMs: 1_000 },
      )
      results.import = { ...measured, users, profiles }
      await suite.close()
      save()
    }
    if (parts.has('growth')) {
      say('growth')
      const sizes = quick
        ? { small: QUICK_SMALL, middle: QUICK_MIDDLE, large: QUICK_LARGE }
        : { small: SMALL, middle: MIDDLE, large: LARGE }
      await measureGrowth({
        ...limits,
        ...sizes,
        durationMs: durationMs / 2,
        onMeasured(cells) {
          results.growth = { ...part(cells), durationMs: durationMs / 2, ...sizes }
          save()
        },
      })
    }
  } finally {
    await server.stop()
  }
}

async function compareOperations(options: {
  readonly server: BenchServer
  readonly size: typeof SMALL
  readonly rounds: number
  readonly durationMs: number
  readonly say: (line: string) => void
  readonly part: <Key>(cells: Part<Key>['cells']) => Part<Key>
}) {
  const { server, size, say, rounds, durationMs, part } = options
  const database = await server.createDatabase('bench_operations')
  await seedWorld(database, size)
  const paths = hasPgbench() ? PATHS : PATHS.filter((path) => path !== 'limit')
  if (paths.length < PATHS.length)
    say('pgbench is not there (Debian: postgresql-contrib): the limit is not measured')
  const comparison = await openComparison({
    database,
    size,
    postmasterPid: server.postmasterPid,
    paths,
    operations: OPERATIONS,
  })
  try {
    const cells = await measureInterleaved(comparison.cells, {
      rounds,
      durationMs,
      onRound: ({ operation, path, callers }, { rate }) =>
        say(`${operation} ${path} ${callers}: ${Math.round(rate)}/s`),
    })
    const results = { comparison: { ...part(cells), size, profiles: [] } }
    return { cells, profiles: await profileMissed(results, { cells: comparison.cells, durationMs }) }
  } finally {
    await comparison.close()
  }
}

/** Where the client's time goes, for each cell that missed a target. */
async function profileMissed<Key>(
  results: Results,
  { cells, durationMs }: { readonly cells: readonly Cell<Key>[]; readonly durationMs: number },
): Promise<readonly Profile<Key>[]> {
  const missed = new Set(missedCells(results).map((cell) => JSON.stringify(cell)))
  const profiles: Profile<Key>[] = []
  for (const { key, round } of cells) {
    if (missed.has(JSON.stringify(key))) profiles.push(await profileRound(key, round, durationMs))
  }
  return profiles
}
