import type { CapabilityDescription, PostgresCapability } from '@user-engine/store-protocol'
import { validate } from '@user-engine/store-protocol'
import type pg from 'pg'
import * as z from 'zod'
import { asServerError } from '../connection/map-error.ts'
import { withMigrationClient } from '../migrations/migration-client.ts'
import { asOwner, type OwnerLimits, patiently } from '../migrations/owner-transaction.ts'
import { parseSchemaName, type SchemaName } from '../sql/schema-name.ts'
import {
  createPartitionSql,
  DEFAULT_PARTITION,
  LIST_PARTITIONS,
  partitionName,
  reasonToKeepSql,
  type Span,
  spanOf,
} from './partition-sql.ts'

export interface TendOptions {
  readonly capability: PostgresCapability
  /** How long settled events are kept at least, in milliseconds, from one hour on. Default 30 days. */
  readonly retentionMs?: number
  /**
   * How long an attempt may wait for the locks of others before it steps aside, in milliseconds. The service waits behind
   * it for that long. Default 200.
   */
  readonly lockTimeoutMs?: number
  /** How long to go on trying to get those locks, in milliseconds. Default 30,000. */
  readonly patienceMs?: number
  /** How long one statement may take once it has its locks, in milliseconds. Default 2,000. */
  readonly statementTimeoutMs?: number
}

export interface TendReport {
  /** The partitions that were made for events to come. */
  readonly created: readonly string[]
  /** The partitions that were dropped: all of their events are settled and older than the retention. */
  readonly dropped: readonly string[]
  /** The partitions that are old enough and hold events which are not settled, or dead letters. */
  readonly kept: readonly { readonly partition: string; readonly because: 'pending' | 'dead' }[]
}

const HOUR_MS = 3_600_000
const RETENTION_MS = 30 * 24 * HOUR_MS
const retentionSchema = z.object({ retentionMs: z.int().min(HOUR_MS) })

/**
 * Tends the log of events: makes the partitions of the coming time, and drops those whose events are all settled and older
 * than the retention [OBX-08]. It needs the migration login. Call it once a day, in one process or in several.
 * @throws UserEngineError `VALIDATION` for the retention; `DEADLINE_EXCEEDED` when the locks could not be had; `UNAVAILABLE`.
 */
export async function tendOutboxLog(options: TendOptions): Promise<TendReport> {
  const { retentionMs } = validate(retentionSchema, { retentionMs: options.retentionMs ?? RETENTION_MS })
  return await withTending(options, async (tending) => {
    const created = await tending.makeAhead(widthOf(retentionMs))
    return { created, ...(await tending.dropSpent(retentionMs)) }
  })
}

/** Makes the partitions of the coming time where there are none, and drops nothing. */
export async function preparePartitions(options: Omit<TendOptions, 'retentionMs'>): Promise<void> {
  await withTending(options, (tending) => tending.makeAhead(widthOf(RETENTION_MS)))
}

/** A handful of partitions hold the retention: each costs every claim a look. */
function widthOf(retentionMs: number): number {
  return Math.max(1, Math.round(retentionMs / 4 / HOUR_MS)) * HOUR_MS
}

async function withTending<Result>(
  options: TendOptions,
  work: (tending: Tending) => Promise<Result>,
): Promise<Result> {
  const { capability, lockTimeoutMs = 200, patienceMs = 30_000, statementTimeoutMs = 2_000 } = options
  const limits = { lockTimeoutMs, patienceMs, statementTimeoutMs }
  return await withMigrationClient(capability, (client, description) =>
    work(new Tending({ client, description, schema: parseSchemaName(description.schema), limits })),
  )
}

interface Partition {
  readonly name: string
  /** `null` for the partition of everything that has none of its own. */
  readonly span: Span | null
}

interface Owner {
  readonly client: pg.Client
  readonly description: CapabilityDescription
  readonly schema: SchemaName
  readonly limits: OwnerLimits
}

class Tending {
  readonly #owner: Owner

  constructor(owner: Owner) {
    this.#owner = owner
  }

  /** The present and two widths more. */
  async makeAhead(widthMs: number): Promise<readonly string[]> {
    const created: string[] = []
    const now = Date.now()
    const spans = (await this.#partitions()).flatMap(({ span }) => (span === null ? [] : [span]))
    let from = Math.max(Math.floor(now / widthMs) * widthMs, ...spans.map(({ to }) => to))
    // What has been appended since the last partition ended is in the default partition, so the next one begins after it.
    // Where a clock was ahead there are events of later times as well: those times stay there.
    const afterwards = Math.ceil((now + HOUR_MS) / HOUR_MS) * HOUR_MS
    while (from < now + 2 * widthMs) {
      const span = { from, to: Math.floor(from / widthMs + 1) * widthMs }
      const name = await this.#make(span)
      if (name !== null) created.push(name)
      from = name === null && from < afterwards ? afterwards : span.to
    }
    return created
  }

  async dropSpent(retentionMs: number): Promise<Pick<TendReport, 'dropped' | 'kept'>> {
    const dropped: string[] = []
    const kept: TendReport['kept'][number][] = []
    for (const partition of await this.#partitions()) {
      if (partition.span !== null && partition.span.to > Date.now() - retentionMs) continue
      // Looked at before anybody has to wait: most of the time nothing has to go.
      const before = await patiently(this.#owner.limits, () =>
        this.#asOwner(async () => {
          await this.#takeSchemaTurn()
          return await this.#reasonToKeep(partition, retentionMs)
        }),
      )
      const reason = before ?? (await this.#drop(partition, retentionMs))
      if (reason === null) dropped.push(partition.name)
      else if (reason !== 'young') kept.push({ partition: partition.name, because: reason })
    }
    return { dropped, kept }
  }

  /** `null` when the default partition holds events of that time. */
  async #make(span: Span): Promise<string | null> {
    const name = partitionName(span)
    try {
      await patiently(this.#owner.limits, () =>
        this.#asOwner(async () => {
          await this.#takeTurn()
          if ((await this.#partitions()).some((partition) => partition.name === name)) return
          await this.#owner.client.query(createPartitionSql(name, span))
        }),
      )
      return name
    } catch (error) {
      if (asServerError(error)?.code === '23514') return null
      throw error
    }
  }

  async #drop(partition: Partition, retentionMs: number): Promise<'young' | 'pending' | 'dead' | null> {
    const { client, limits } = this.#owner
    return await patiently(limits, () =>
      this.#asOwner(async () => {
        await this.#takeTurn()
        // With this lock nobody appends or claims: what is found now stays true.
        await client.query('LOCK TABLE outbox_events IN ACCESS EXCLUSIVE MODE')
        const reason = await this.#reasonToKeep(partition, retentionMs)
        if (reason !== null) return reason
        await client.query(`DROP TABLE ${partition.name}`)
        if (partition.span === null) await client.query(createPartitionSql(DEFAULT_PARTITION, null))
        return null
      }),
    )
  }

  async #reasonToKeep(
    { name, span }: Partition,
    retentionMs: number,
  ): Promise<'young' | 'pending' | 'dead' | null> {
    // Somebody else may have dropped it since it was listed.
    if (!(await this.#partitions()).some((partition) => partition.name === name)) return 'young'
    const { rows } = await this.#owner.client.query<{
      reason: 'young' | 'pending' | 'dead' | null
      is_empty: boolean
    }>(reasonToKeepSql(name), [retentionMs])
    const [found] = rows
    // An empty default partition has nothing to drop.
    return span === null && found?.is_empty === true ? 'young' : (found?.reason ?? null)
  }

  async #partitions(): Promise<readonly Partition[]> {
    const { client, schema } = this.#owner
    const { rows } = await client.query<{ name: string; bound: string }>(LIST_PARTITIONS, [schema])
    return rows.map(({ name, bound }) => ({ name, span: spanOf(bound) }))
  }

  /** In turn with migrations and with others who tend the log. */
  async #takeSchemaTurn(): Promise<void> {
    const { client, schema } = this.#owner
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('user-engine:${schema}', 0))`)
  }

  /** In turn with whoever hands over events as well. */
  async #takeTurn(): Promise<void> {
    await this.#takeSchemaTurn()
    await this.#owner.client.query('SELECT take_outbox_turn()')
  }

  #asOwner<Result>(work: () => Promise<Result>): Promise<Result> {
    return asOwner(this.#owner, async () => {
      await this.#owner.client.query(`SELECT set_config('user_engine.scope', ' r', true)`)
      return await work()
    })
  }
}
