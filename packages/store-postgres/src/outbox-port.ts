// The relay's side of the outbox. Claims move along the log and take turns, so that each sees every lease that was given
// before it and no event of an aggregate overtakes another. An event that is handed over once and acknowledged leaves no
// trace but its row in the log: a claim adds one row for its whole lease, an acknowledgement changes that row [OBX-08].
//
//   new --claim--> in a lease --ack--> delivered
//                     |--nack, release, time, an earlier one of its aggregate--> a delivery of its own, claimed and settled by itself
//                     '--nack or time with the attempts used up--> dead --replay--> a delivery of its own
import {
  type AckRequest,
  ackRequestSchema,
  type ClaimRequest,
  claimRequestSchema,
  type DeadLetter,
  type DeadLetterRequest,
  deadLetterRequestSchema,
  type ExtendRequest,
  extendRequestSchema,
  type Id,
  type Instant,
  idSchema,
  type NackRequest,
  nackRequestSchema,
  type OutboxLease,
  type OutboxPort,
  type OutboxStats,
  type Page,
  type PageRequest,
  type ReleaseRequest,
  releaseRequestSchema,
  type StoreCapabilities,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import type { Row, Statement, StatementCall } from './connection/statement.ts'
import { createLeaseMemory } from './lease-memory.ts'
import type { OutboxPortStatements } from './outbox-port-statements.ts'
import { parseTimestamp, RowReader } from './sql/columns.ts'
import { planPage } from './sql/keyset-page.ts'
import { idArrayParameter } from './sql/parameters.ts'
import { readStoredEvent } from './sql/stored-event.ts'

type Commit = (calls: readonly StatementCall[]) => Promise<readonly (readonly Row[])[]>

interface OutboxPortOptions {
  readonly statements: OutboxPortStatements
  readonly limits: StoreCapabilities['outbox']
  /** Commits calls as the relay, in one round trip; returns the rows of each. */
  readonly commit: Commit
  /** The same for calls that give or take a lease: on data that is in the epoch of the provider [CAP-06]. */
  readonly commitInEpoch: Commit
}

/** What readiness asks of the outbox. */
export interface OutboxLag {
  readonly oldestAgeMs: number | null
  readonly dead: number
}

export interface PostgresOutboxPort extends OutboxPort {
  /** The two figures of `stats` that do not cost more the more is waiting. */
  lag(): Promise<OutboxLag>
}

export function createOutboxPort(options: OutboxPortOptions): PostgresOutboxPort {
  return new LogOutboxPort(options)
}

interface PositionedDeadLetter {
  readonly position: number
  readonly letter: DeadLetter
}

/** The first row of a claim. */
interface LeaseRow {
  readonly token: number
  readonly expiresAt: string
  /** How many events go straight, for the first time. */
  readonly open: number
  /** How often each of the others has been handed over. */
  readonly attempts: readonly number[]
}

class LogOutboxPort implements PostgresOutboxPort {
  readonly #sql: OutboxPortStatements
  readonly #options: OutboxPortOptions
  readonly #claimSchema
  readonly #extendSchema
  readonly #memory = createLeaseMemory()

  constructor(options: OutboxPortOptions) {
    const { maxBatch, maxLeaseMs } = options.limits
    this.#sql = options.statements
    this.#options = options
    this.#claimSchema = claimRequestSchema.extend({
      limit: claimRequestSchema.shape.limit.max(maxBatch),
      leaseMs: claimRequestSchema.shape.leaseMs.max(maxLeaseMs),
    })
    this.#extendSchema = extendRequestSchema.extend({
      leaseMs: extendRequestSchema.shape.leaseMs.max(maxLeaseMs),
    })
  }

  async claim(request: ClaimRequest): Promise<OutboxLease> {
    const { consumer, limit, leaseMs } = validate(this.#claimSchema, request)
    const maxAttempts = String(this.#options.limits.maxAttempts)
    const [[lease, ...due] = [], straight = []] = await this.#options.commitInEpoch([
      { statement: this.#sql.claim, values: [consumer, String(limit), String(leaseMs), maxAttempts] },
      { statement: this.#sql.claimed, values: [] },
    ])
    const { token, expiresAt, open, attempts } = JSON.parse(textOf(lease)) as LeaseRow
    if (straight.length !== open)
      throw new UserEngineError('INTERNAL', { reference: 'claim of other events' })
    const events = [...due, ...straight].map((row) => readStoredEvent(textOf(row)))
    this.#memory.remember(
      token,
      events.slice(due.length).map(({ id }) => id),
    )
    return {
      token,
      consumer,
      expiresAt: new Date(expiresAt).toISOString(),
      deliveries: events.map((event, index) => ({ event, attempt: attempts[index] ?? 1 })),
    }
  }

  async ack(request: AckRequest): Promise<void> {
    const { token, eventIds } = validate(ackRequestSchema, request)
    const places = this.#memory.placesOf(token, eventIds)
    if (places !== null) {
      const values = [String(token), places.mask, String(places.count)]
      const [rows = []] = await this.#options.commitInEpoch([{ statement: this.#sql.ackStraight, values }])
      if (rows.length > 0) return this.#memory.settled(token, places.count)
      this.#memory.forget(token)
    }
    await this.#settle(request, [this.#sql.remove])
  }

  async extend(request: ExtendRequest): Promise<{ readonly expiresAt: Instant }> {
    const { token, eventIds, leaseMs } = validate(this.#extendSchema, request)
    const places = this.#memory.placesOf(token, eventIds)
    if (places !== null) {
      const values = [String(token), places.mask, String(leaseMs), String(places.count)]
      const [[row] = []] = await this.#options.commitInEpoch([
        { statement: this.#sql.extendStraight, values },
      ])
      if (row !== undefined) return { expiresAt: parseTimestamp(row[0] ?? '') }
    }
    const [[row] = []] = await this.#settle(request, [this.#sql.extend, String(leaseMs)])
    return { expiresAt: parseTimestamp(row?.[0] ?? '') }
  }

  async nack(request: NackRequest): Promise<{ readonly deadLettered: readonly Id[] }> {
    const { reason, retryAfterMs } = validate(nackRequestSchema, request)
    const maxAttempts = String(this.#options.limits.maxAttempts)
    const [[row] = []] = await this.#settle(
      request,
      [this.#sql.bury, reason, maxAttempts],
      [this.#sql.giveBack, String(retryAfterMs)],
    )
    return { deadLettered: JSON.parse(row?.[0] ?? '[]') as Id[] }
  }

  async release(request: ReleaseRequest): Promise<void> {
    await this.#settle(validate(releaseRequestSchema, request), [this.#sql.release])
  }

  async deadLetter(request: DeadLetterRequest): Promise<void> {
    const { reason } = validate(deadLetterRequestSchema, request)
    await this.#settle(request, [this.#sql.bury, reason, '0'])
  }

  async listDeadLetters(page?: PageRequest): Promise<Page<DeadLetter>> {
    const planned = planPage<PositionedDeadLetter>({
      list: 'dead-letters',
      page,
      start: [0],
      call: (after, limit) => ({ statement: this.#sql.listDeadLetters, values: [...after, limit] }),
      read: (row) => {
        const position = row.number()
        const letter = { attempts: row.number(), reason: row.text(), deadAt: row.instant() }
        return { position, letter: { ...letter, event: readStoredEvent(row.text()) } }
      },
      keyOf: ({ position }) => [position],
    })
    const [rows = []] = await this.#options.commit([planned.call])
    const { items, nextCursor } = planned.parse(rows)
    return { items: items.map(({ letter }) => letter), nextCursor }
  }

  async replay(request: { readonly eventId: Id }): Promise<void> {
    const { eventId } = validate(z.strictObject({ eventId: idSchema }), request)
    await this.#options.commit([{ statement: this.#sql.replay, values: [eventId] }])
  }

  async stats(): Promise<OutboxStats> {
    const [[row] = []] = await this.#options.commit([{ statement: this.#sql.stats, values: [] }])
    const reader = new RowReader(row ?? [])
    return {
      pending: reader.number(),
      leased: reader.number(),
      dead: reader.number(),
      oldestAgeMs: reader.numberOrNull(),
      blocked: reader.json<OutboxStats['blocked']>(),
    }
  }

  async lag(): Promise<OutboxLag> {
    const [[row] = []] = await this.#options.commit([{ statement: this.#sql.lag, values: [] }])
    const reader = new RowReader(row ?? [])
    return { oldestAgeMs: reader.numberOrNull(), dead: reader.number() }
  }

  /**
   * Settles events that go their own way: each becomes a delivery that the token holds, or all are refused [OBX-03]; then
   * `steps` are done with them. Returns the rows of each step.
   */
  async #settle(
    { token, eventIds }: AckRequest,
    ...steps: readonly (readonly [Statement, ...string[]])[]
  ): Promise<readonly (readonly Row[])[]> {
    const places = this.#memory.placesOf(token, eventIds)
    const held = [String(token), idArrayParameter([...new Set(eventIds)])]
    const [, ...results] = await this.#options.commitInEpoch([
      { statement: this.#sql.hold, values: held },
      ...steps.map(([statement, ...values]) => ({ statement, values: [...held, ...values] })),
    ])
    if (places !== null) this.#memory.settled(token, places.count)
    return results
  }
}

function textOf(row: Row | undefined): string {
  const text = row?.[0]
  if (typeof text !== 'string') throw new UserEngineError('INTERNAL', { reference: 'claim without a lease' })
  return text
}
