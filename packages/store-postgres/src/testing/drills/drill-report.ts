import type { LocalDatabase } from '@user-engine/provider-local'
import type { ErrorCode, Id, PostgresCapability, UserEngineStore } from '@user-engine/store-protocol'
import { verifySchema } from '../../doctor/verify-schema.ts'
import { type DrillUnit, keyOf, perform } from './drill-unit.ts'
import type { DrillWorkload, HeldLease } from './drill-workload.ts'

/** One thing that a drill found. */
export interface DrillFinding {
  readonly what: string
  readonly found: string
  /** Whether it is as it must be; `null` for what is only told. */
  readonly holds: boolean | null
}

export interface DrillReport {
  readonly title: string
  readonly server: string
  /** What was done, in order. */
  readonly steps: readonly string[]
  readonly findings: readonly DrillFinding[]
}

/** What happened in a drill, for the comparison with what is there. */
export interface DrillHistory {
  readonly workload: DrillWorkload
  /** The store that worked through all of it. */
  readonly store: UserEngineStore
  readonly capability: PostgresCapability
  /** The database that has the data now. */
  readonly database: LocalDatabase
  readonly epochs: { readonly before: string; readonly after: string }
  /** Units that must be there: acknowledged before the moment that was restored to. */
  readonly kept: ReadonlySet<number>
  /** Events that were settled before that moment. */
  readonly settled: ReadonlySet<Id>
  /** When the provider was done, by `performance.now`. */
  readonly backAt: number
  /** The highest token that was given out before. */
  readonly lastToken: number
  /** Leases that were out when the server was lost, and how the attempt to settle each ended afterwards. */
  readonly held: readonly { readonly lease: HeldLease; readonly refusal: ErrorCode | null }[]
}

/** Units that were acknowledged by now. */
export function acknowledgedUnits({ acknowledged }: DrillWorkload): ReadonlySet<number> {
  return new Set(acknowledged.keys())
}

/** Events whose settlement was acknowledged by now. */
export function settledEvents({ settlements }: DrillWorkload): ReadonlySet<Id> {
  return new Set(settlements.filter(({ refusal }) => refusal === null).flatMap(({ eventIds }) => eventIds))
}

export function highestToken({ handOvers }: DrillWorkload): number {
  return Math.max(0, ...handOvers.map(({ token }) => token))
}

/** Compares what was promised with what is there, after the work has ended. */
export async function examine(history: DrillHistory): Promise<readonly DrillFinding[]> {
  const { workload, store, capability, database, epochs, kept, backAt, lastToken } = history
  const parts = await partsOf(database, workload.units)
  const whole = workload.units.filter((unit) => parts.get(unit.number) === UNIT_PARTS)
  const halves = workload.units.filter((unit) => ![0, UNIT_PARTS].includes(parts.get(unit.number) ?? 0))
  const isThere = (number: number) => parts.get(number) === UNIT_PARTS
  const missing = [...kept].filter((number) => !isThere(number))
  const later = [...workload.acknowledged].filter(([, at]) => at > backAt)
  const lost = workload.units.filter(({ number }) => workload.acknowledged.has(number) && !isThere(number))
  const firstBack = Math.min(...later.map(([, at]) => at))
  const eventsThere = new Set(whole.map(({ eventId }) => eventId))
  const lateHandOvers = workload.handOvers.filter(({ at }) => at > backAt)
  const newHandOvers = lateHandOvers.filter(({ token }) => token > lastToken)
  const oldSettlements = workload.settlements.filter(
    ({ token, calledAt, refusal }) => calledAt > backAt && token <= lastToken && refusal === null,
  )
  const again = newHandOvers.filter(({ eventId }) => history.settled.has(eventId))
  const handedOver = new Set(workload.handOvers.map(({ eventId }) => eventId))
  const neverHandedOver = [...eventsThere].filter((eventId) => !handedOver.has(eventId))
  const stats = await store.outbox.stats()
  const sample = whole.slice(0, SAMPLE)
  const [answered, repeated] = [await repeat(store, sample), await repeat(store, lost)]
  const { status, checks } = await store.readiness()
  const { facts } = await store.diagnostics()
  const verified = await verifySchema({ capability })
  const errors = [...workload.errors].map(([code, count]) => `${code} ${count}`).join(', ')
  return [
    must('the epoch changed', `${epochs.before} → ${epochs.after}`, epochs.before !== epochs.after),
    must(
      'the store noticed, without a restart',
      `provider ${String(facts['epoch'])}, data ${String(facts['dataEpoch'])}`,
      facts['epoch'] === epochs.after && facts['dataEpoch'] === epochs.after,
    ),
    must(
      'acknowledged units up to the restore point are there',
      `${kept.size - missing.length} of ${kept.size}`,
      kept.size > 0 && missing.length === 0,
    ),
    must(
      'nothing is half-made: user, account, tenant account, audit record, event and key, all or none',
      `${halves.length} halves among ${workload.units.length} units`,
      halves.length === 0,
    ),
    must(
      'units acknowledged afterwards by the same store are there',
      `${later.filter(([number]) => isThere(number)).length} of ${later.length}`,
      later.length > 0 && later.every(([number]) => isThere(number)),
    ),
    tell('units acknowledged after the restore point, and lost with it', String(lost.length)),
    must(
      'those, repeated with their keys, are done once',
      `${repeated} of ${lost.length}`,
      repeated === lost.length,
    ),
    must(
      'units that are there answer to their keys, and are not done again',
      `${answered} of ${sample.length} that were asked`,
      sample.length > 0 && answered === sample.length,
    ),
    must(
      'work in flight got errors of the contract only',
      `${errors || 'none'}; others ${workload.untyped.length}`,
      workload.untyped.length === 0,
    ),
    must(
      'unknown outcomes were resolved by their keys: every unit that was begun ended acknowledged',
      `${workload.acknowledged.size} of ${workload.units.length}`,
      workload.acknowledged.size === workload.units.length,
    ),
    must(
      'leases from before are dead',
      history.held.map(({ refusal }) => refusal ?? 'acknowledged').join(', '),
      history.held.length > 0 && history.held.every(({ refusal }) => refusal === 'STALE_LEASE'),
    ),
    must(
      'nothing was settled under a token from before',
      `${oldSettlements.length} settlements`,
      oldSettlements.length === 0,
    ),
    must(
      'nothing was handed over under a token from before',
      `${lateHandOvers.length} hand-overs, ${lateHandOvers.length - newHandOvers.length} under old tokens`,
      newHandOvers.length > 0 && newHandOvers.length === lateHandOvers.length,
    ),
    must(
      'events settled before the restore point stayed settled',
      `${again.length} of ${history.settled.size} came again`,
      again.length === 0,
    ),
    must(
      'every event that is there was handed over and settled',
      `${neverHandedOver.length} never handed over; ${stats.pending + stats.leased} open, ${stats.dead} dead`,
      neverHandedOver.length === 0 && stats.pending + stats.leased + stats.dead === 0,
    ),
    must(
      'the store is ready',
      [status, ...checks.filter((check) => check.status !== 'pass').map(({ code }) => code)].join(', '),
      status === 'ready',
    ),
    must(
      'the schema is what the migrations made',
      [
        verified.status,
        ...verified.checks.filter((check) => check.status !== 'pass').map(({ code }) => code),
      ].join(', '),
      verified.status === 'ready',
    ),
    tell(
      'from the moment the provider was done to the first acknowledgement',
      `${Math.round(firstBack - backAt)} ms`,
    ),
  ]
}

function must(what: string, found: string, holds: boolean): DrillFinding {
  return { what, found, holds }
}

function tell(what: string, found: string): DrillFinding {
  return { what, found, holds: null }
}

/** How many of the units that are there are repeated. */
const SAMPLE = 50

/** How many rows a unit leaves. */
const UNIT_PARTS = 6

/** How many of its rows each unit has. */
async function partsOf(
  database: LocalDatabase,
  units: readonly DrillUnit[],
): Promise<ReadonlyMap<number, number>> {
  const found = async (table: string, column: string) => {
    const { rows } = await database.query(`SELECT ${column}::text AS value FROM user_engine.${table}`)
    return new Set(rows.map(({ value }) => String(value)))
  }
  const [users, accounts, tenantAccounts, audit, events, keys] = [
    await found('users', 'id'),
    await found('accounts', 'id'),
    await found('tenant_accounts', 'id'),
    await found('audit_records', 'id'),
    await found('outbox_events', 'id'),
    await found('idempotency_keys', 'key'),
  ]
  const count = (unit: DrillUnit) =>
    [
      users.has(unit.userId),
      accounts.has(unit.accountId),
      tenantAccounts.has(unit.tenantAccountId),
      audit.has(unit.auditId),
      events.has(unit.eventId),
      keys.has(keyOf(unit)),
    ].filter(Boolean).length
  return new Map(units.map((unit) => [unit.number, count(unit)]))
}

/** Does units once more, twice; counts those that answer with the result of the one time that they were done. */
async function repeat(store: UserEngineStore, units: readonly DrillUnit[]): Promise<number> {
  let answered = 0
  for (const unit of units) {
    const results = [await perform(store, unit), await perform(store, unit)]
    if (results.every((result) => result === unit.userId)) answered += 1
  }
  return answered
}
