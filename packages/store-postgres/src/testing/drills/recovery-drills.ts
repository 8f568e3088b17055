// The three ways in which a database comes back, on real servers, while work goes on: restored to a moment, restored from a dump,
// and taken over by a standby [CAP-06, LIF-02, LIF-03].
import { execFileSync } from 'node:child_process'
import {
  createLocalProvider,
  type LocalDatabase,
  type LocalProvider,
  type Major,
} from '@user-engine/provider-local'
import { testMajor } from '@user-engine/provider-local/vitest'
import type { PostgresCapability } from '@user-engine/store-protocol'
import { createPostgresStore } from '../../create-postgres-store.ts'
import { migrate } from '../../migrations/migrate.ts'
import {
  acknowledgedUnits,
  type DrillHistory,
  type DrillReport,
  examine,
  highestToken,
  settledEvents,
} from './drill-report.ts'
import { type DrillWorkload, type HeldLease, startWorkload } from './drill-workload.ts'
import { countForeignUsers, useUpNumbers } from './foreign-users.ts'

const DATABASE = 'drill'
/** How many units are acknowledged in each part of a drill. */
const UNITS = 60

/** Base backup, archived log, and a restore to a named moment, after which other work had been acknowledged. */
export async function drillPointInTime(): Promise<DrillReport> {
  const provider = await createLocalProvider({ backend: 'embedded', archive: true, ...testMajor() })
  try {
    const database = await handOver(provider)
    return await drill({
      title: 'Base backup, archived log, restore to a moment',
      server: provider.backend.serverVersion,
      capability: database.capability,
      steps: [
        'work begins',
        'base backup of the running server',
        'restore point; what is acknowledged up to here must be there afterwards',
        'more work, which the restore takes back; consumers hold leases from before and from after the point',
        'the server is stopped, and restored from the backup and the archived log to the point, while work goes on',
      ],
      prepare: async (workload) => {
        await workload.progress(UNITS)
        return await provider.recovery.backUp()
      },
      mark: () => provider.recovery.markRestorePoint('drill'),
      lose: async (backup) => {
        await provider.recovery.restore(backup, { point: 'drill' })
        return database
      },
    })
  } finally {
    await provider.stop()
  }
}

/** A standby that must have each commit, a primary that is killed, and a promotion. */
export async function drillFailover(): Promise<DrillReport> {
  const provider = await createLocalProvider({ backend: 'embedded', ...testMajor() })
  try {
    const database = await handOver(provider)
    return await drill({
      title: 'Failover to a streaming standby',
      server: provider.backend.serverVersion,
      capability: database.capability,
      steps: [
        'a synchronous standby follows the server; work begins',
        'what is acknowledged up to the end of the server must be there afterwards',
        'every process of the server is killed while work goes on, and the standby is promoted: it listens at another address',
      ],
      prepare: async (workload) => {
        const standby = await provider.recovery.startStandby({ synchronous: true })
        await workload.progress(UNITS)
        return standby
      },
      lose: async (standby) => {
        await provider.faults.kill()
        await standby.promote()
        return database
      },
    })
  } finally {
    await provider.stop()
  }
}

/** A dump of the running server, and a new cluster that is filled with it. */
export async function drillDump(major: Major): Promise<DrillReport> {
  const [first, second] = [
    await createLocalProvider({ backend: 'embedded', major }),
    await createLocalProvider({ backend: 'embedded', major }),
  ]
  try {
    let current = await handOver(first)
    // Numbers that the other cluster will come to later.
    await useUpNumbers(current, 10_000)
    // What a platform's service discovery does.
    const capability: PostgresCapability = {
      describe: () => current.capability.describe(),
      lease: (role) => current.capability.lease(role),
    }
    const report = await drill({
      title: 'Dump and restore into a new cluster',
      server: first.backend.serverVersion,
      capability,
      steps: [
        'work begins',
        'what is acknowledged up to here must be there afterwards',
        'pg_dump of the running server; more work, which the restore takes back',
        'every process of the server is killed; psql fills a database of another cluster, whose transactions are numbered from the beginning again',
        'the capability leads to the other cluster',
      ],
      prepare: (workload) => workload.progress(UNITS),
      mark: async () => dump(first),
      lose: async (_, sql) => {
        await first.faults.kill()
        const restored = await second.provisionDatabase({ name: DATABASE })
        fill(second, sql)
        current = restored
        return restored
      },
    })
    const foreign = await countForeignUsers(current)
    const holds = foreign.overlaps > 0 && foreign.seen === 0
    const found = `${foreign.seen} seen by ${foreign.probes} transactions, ${foreign.overlaps} of which had the number of one that inserted a user`
    const what = 'no tenant sees users through a transaction number that came round again'
    return { ...report, findings: [...report.findings, { what, found, holds }] }
  } finally {
    await first.stop()
    await second.stop()
  }
}

async function handOver(provider: LocalProvider): Promise<LocalDatabase> {
  const database = await provider.provisionDatabase({ name: DATABASE })
  await migrate({ capability: database.capability })
  return database
}

interface DrillPlan<Prepared, Marked> extends Pick<DrillReport, 'title' | 'server' | 'steps'> {
  readonly capability: PostgresCapability
  readonly prepare: (workload: DrillWorkload) => Promise<Prepared>
  /** What makes the moment that will be restored to; without it, that is when the server is lost. */
  readonly mark?: () => Promise<Marked>
  /** Loses the server and brings the data back. @returns the database that has it then. */
  readonly lose: (prepared: Prepared, marked: Marked) => Promise<LocalDatabase>
}

async function drill<Prepared, Marked>(plan: DrillPlan<Prepared, Marked>): Promise<DrillReport> {
  const { title, server, steps, capability } = plan
  const store = await createPostgresStore({ capability })
  try {
    const { epoch: before } = await capability.describe()
    const workload = startWorkload(store)
    const prepared = await plan.prepare(workload)
    const held: HeldLease[] = [await workload.hold(5)]
    const promised = () => ({ kept: acknowledgedUnits(workload), settled: settledEvents(workload) })
    let { kept, settled } = promised()
    const marked = (await plan.mark?.()) as Marked
    if (plan.mark !== undefined) await workload.progress(UNITS)
    held.push(await workload.hold(5))
    if (plan.mark === undefined) ({ kept, settled } = promised())
    const lastToken = highestToken(workload)
    const database = await plan.lose(prepared, marked)
    const backAt = performance.now()
    const { epoch: after } = await capability.describe()
    await workload.progress(UNITS)
    const refusals: DrillHistory['held'][number][] = []
    for (const lease of held) refusals.push({ lease, refusal: await workload.settle(lease) })
    await workload.finish()
    const findings = await examine({
      ...{ workload, store, capability, database, kept, settled, backAt, held: refusals },
      ...{ epochs: { before, after }, lastToken },
    })
    return { title, server, steps, findings }
  } finally {
    await store.close()
  }
}

const DUMP_FLAGS = ['--schema=user_engine', '--clean', '--if-exists', '--format=plain']

async function dump(provider: LocalProvider): Promise<string> {
  const { args, env } = clientOptions(provider)
  return execFileSync('pg_dump', [...args, ...DUMP_FLAGS], { env, encoding: 'utf8', maxBuffer: 2 ** 30 })
}

function fill(provider: LocalProvider, sql: string): void {
  const { args, env } = clientOptions(provider)
  const flags = ['--quiet', '--no-psqlrc', '--single-transaction', '--set=ON_ERROR_STOP=1']
  execFileSync('psql', [...args, ...flags], { env, input: sql, stdio: ['pipe', 'ignore', 'pipe'] })
}

function clientOptions({ serverHandle }: LocalProvider) {
  const { host, port, user, password } = serverHandle.admin
  return {
    args: [`--host=${host}`, `--port=${port}`, `--username=${user}`, `--dbname=${DATABASE}`],
    env: { ...process.env, PGPASSWORD: password },
  }
}

/** The major version of pg_dump on this machine, when there is one that servers of ours can be dumped with. */
export function findDumpMajor(): { readonly major: Major } | { readonly missing: string } {
  try {
    const version = execFileSync('pg_dump', ['--version'], { encoding: 'utf8' })
    execFileSync('psql', ['--version'], { stdio: 'ignore' })
    const major = ([15, 16, 17, 18] as const).find((known) => version.includes(` ${known}.`))
    return major === undefined
      ? { missing: `pg_dump is of no supported major: ${version.trim()}` }
      : { major }
  } catch {
    return { missing: 'pg_dump and psql are not on the PATH; install the Debian package postgresql-client' }
  }
}
