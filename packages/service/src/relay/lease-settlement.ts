/**
 * What the outbox is told about one lease.
 *
 * Every event is decided once: delivered, given back, buried, or left to its lease. Calls to the outbox take turns, so
 * that no extension crosses a settlement, and what comes together while a call is under way travels together in the next
 * one: a receiver that is away costs a few calls for a batch, not one for each event.
 */
import { type Id, isUserEngineError, type OutboxDelivery, type OutboxPort } from '@user-engine/store-protocol'
import { repeatWhile } from '../retry/retry-transient.ts'
import type { Backoff } from './backoff.ts'
import { namesOf, type RelayEvent, type StoreOperation } from './relay-event.ts'

/** What became of an event that the sink did not take: in the dead letters, waiting for its next turn, or not ours. */
export type Fate = 'dead' | 'waiting' | 'lost'

/** What a lease is settled with. */
export interface SettlementEnvironment {
  readonly outbox: OutboxPort
  readonly leaseMs: number
  readonly ackDelayMs: number
  readonly backoff: Backoff
  readonly tell: (event: RelayEvent) => void
  /** Aborted when the relay stops: a store that is away is then waited for only briefly. */
  readonly stopping: AbortSignal
}

/** A lease: its token, its events, and a time from before it was asked for, so that ours may only end too early. */
export interface SettledLease {
  readonly token: number
  readonly eventIds: readonly Id[]
  readonly claimedAtMs: number
}

export interface LeaseSettlement {
  /** How many events are neither settled nor lost. */
  readonly held: number
  /** Whether nothing is decided about the event and its lease is certainly still ours. */
  isHeld(eventId: Id): boolean
  /** The sink has taken the event over; it is acknowledged soon, together with others. */
  delivered(eventId: Id): void
  /** The sink did not take the event over, and may later, but not before `atLeastMs` are over. */
  retryLater(delivery: OutboxDelivery, why: { reason: string; atLeastMs: number }): Promise<Fate>
  /** The sink will never take the event over. */
  bury(delivery: OutboxDelivery, reason: string): Promise<Fate>
  /** Gives events back untried; returns how many. The others are lost. */
  release(deliveries: readonly OutboxDelivery[], reason: string): Promise<number>
  /** Leaves events to their lease. */
  lose(deliveries: readonly OutboxDelivery[]): void
  /** Acknowledges what is delivered, and lets the lease of what is undecided run on. */
  keep(): void
  /** Acknowledges what is delivered; resolves when nothing is under way any more. */
  finish(): Promise<void>
}

export function createLeaseSettlement(
  lease: SettledLease,
  environment: SettlementEnvironment,
): LeaseSettlement {
  return new TakingTurns(lease, environment)
}

/** Events that go the same way, in one call. */
interface Group {
  readonly eventIds: Id[]
  readonly retryAfterMs: number
  readonly outcome: Promise<Outcome>
}

/** Which events of a call went to the dead letters, and which it could not settle. */
interface Outcome {
  readonly dead: ReadonlySet<Id>
  readonly lost: ReadonlySet<Id>
}

type Call =
  | {
      readonly operation: 'nack'
      readonly reason: string
      readonly attempt: number
      readonly atLeastMs: number
    }
  | { readonly operation: 'release' }
  | { readonly operation: 'dead-letter'; readonly reason: string }

const NOBODY: ReadonlySet<Id> = new Set()

// Bounded by the lease, or by the stop of the relay, and not by a number.
const PATIENCE = { retries: Number.MAX_SAFE_INTEGER, minDelayMs: 50, maxDelayMs: 1_000 }
const RETRIES_WHILE_STOPPING = 3

class TakingTurns implements LeaseSettlement {
  readonly #token: number
  readonly #environment: SettlementEnvironment
  /** Under our lease, and nothing has been decided about them yet. */
  readonly #open: Set<Id>
  readonly #groups = new Map<string, Group>()
  #unacknowledged: Id[] = []
  #ackTimer: NodeJS.Timeout | undefined
  #isKeeping = false
  #leaseEndsAtMs: number
  #turns: Promise<unknown> = Promise.resolve()

  constructor({ token, eventIds, claimedAtMs }: SettledLease, environment: SettlementEnvironment) {
    this.#token = token
    this.#environment = environment
    this.#open = new Set(eventIds)
    this.#leaseEndsAtMs = claimedAtMs + environment.leaseMs
  }

  get held(): number {
    return this.#open.size + this.#unacknowledged.length
  }

  isHeld(eventId: Id): boolean {
    return this.#open.has(eventId) && performance.now() < this.#leaseEndsAtMs
  }

  delivered(eventId: Id): void {
    this.#open.delete(eventId)
    this.#unacknowledged.push(eventId)
    this.#ackTimer ??= setTimeout(() => void this.#acknowledge(), this.#environment.ackDelayMs)
  }

  async retryLater(
    delivery: OutboxDelivery,
    { reason, atLeastMs }: { reason: string; atLeastMs: number },
  ): Promise<Fate> {
    const { tell } = this.#environment
    const ids = this.#take([delivery])
    const group = this.#join(ids, { operation: 'nack', reason, attempt: delivery.attempt, atLeastMs })
    const fate = fateOf(ids, await group.outcome)
    if (fate === 'dead') tell({ kind: 'dead-lettered', ...namesOf(delivery), reason })
    if (fate === 'waiting') {
      tell({ kind: 'failed', ...namesOf(delivery), reason, retryAfterMs: group.retryAfterMs })
    }
    return fate
  }

  async bury(delivery: OutboxDelivery, reason: string): Promise<Fate> {
    const ids = this.#take([delivery])
    const group = this.#join(ids, { operation: 'dead-letter', reason })
    const fate = fateOf(ids, await group.outcome)
    if (fate === 'dead') this.#environment.tell({ kind: 'dead-lettered', ...namesOf(delivery), reason })
    return fate
  }

  async release(deliveries: readonly OutboxDelivery[], reason: string): Promise<number> {
    const ids = this.#take(deliveries)
    if (ids.length === 0) return 0
    const { lost } = await this.#join(ids, { operation: 'release' }).outcome
    const count = ids.filter((id) => !lost.has(id)).length
    if (count > 0) this.#environment.tell({ kind: 'released', count, reason })
    return count
  }

  lose(deliveries: readonly OutboxDelivery[]): void {
    this.#take(deliveries)
    if (deliveries.length === 0) return
    this.#environment.tell({ kind: 'lease-lost', eventIds: deliveries.map(({ event }) => event.id) })
  }

  keep(): void {
    if (this.#isKeeping) return
    this.#isKeeping = true
    void this.#acknowledge()
    void this.#inTurn(async () => {
      await this.#extend()
      this.#isKeeping = false
    })
  }

  finish(): Promise<void> {
    return this.#acknowledge()
  }

  #acknowledge(): Promise<void> {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    return this.#inTurn(async () => {
      const ids = this.#unacknowledged
      this.#unacknowledged = []
      const { outbox, tell } = this.#environment
      const startedAt = performance.now()
      const { lost } = await this.#settle('ack', ids, async (eventIds) => {
        await outbox.ack({ token: this.#token, eventIds })
        return []
      })
      const count = ids.length - lost.size
      if (count > 0) tell({ kind: 'acknowledged', count, durationMs: performance.now() - startedAt })
    })
  }

  async #extend(): Promise<void> {
    const { outbox, leaseMs } = this.#environment
    const askedAt = performance.now()
    const ids = [...this.#open]
    const { lost } = await this.#settle('extend', ids, async (eventIds) => {
      await outbox.extend({ token: this.#token, eventIds, leaseMs })
      return []
    })
    if (lost.size < ids.length) this.#leaseEndsAtMs = askedAt + leaseMs
  }

  /** Decides about events: nothing else touches them from now on. */
  #take(deliveries: readonly OutboxDelivery[]): Id[] {
    return deliveries.map(({ event }) => event.id).filter((id) => this.#open.delete(id))
  }

  /** Adds events to the next call that does the same with others. */
  #join(ids: readonly Id[], call: Call): Group {
    const key = JSON.stringify(call)
    const group = this.#groups.get(key) ?? this.#openGroup(key, call)
    group.eventIds.push(...ids)
    return group
  }

  #openGroup(key: string, call: Call): Group {
    const { backoff } = this.#environment
    const retryAfterMs = call.operation === 'nack' ? Math.max(backoff(call.attempt), call.atLeastMs) : 0
    const members: Id[] = []
    const outcome = this.#inTurn(() => {
      this.#groups.delete(key)
      return this.#settle(call.operation, members, (eventIds) => this.#make(call, eventIds, retryAfterMs))
    })
    const group = { eventIds: members, retryAfterMs, outcome }
    this.#groups.set(key, group)
    return group
  }

  /** Makes a call; returns which events are dead now. */
  async #make(call: Call, eventIds: Id[], retryAfterMs: number): Promise<readonly Id[]> {
    const { outbox } = this.#environment
    const token = this.#token
    switch (call.operation) {
      case 'nack':
        return (await outbox.nack({ token, eventIds, reason: call.reason, retryAfterMs })).deadLettered
      case 'release':
        await outbox.release({ token, eventIds })
        return []
      case 'dead-letter':
        await outbox.deadLetter({ token, eventIds, reason: call.reason })
        return eventIds
    }
  }

  /**
   * Calls the outbox about events; the call returns which of them are dead now. It changes all of them or none: those
   * that are not ours any more are left out and the rest is tried again.
   */
  async #settle(
    operation: StoreOperation,
    ids: readonly Id[],
    call: (eventIds: Id[]) => Promise<readonly Id[]>,
  ): Promise<Outcome> {
    const { tell } = this.#environment
    const lost = new Set<Id>()
    let held = [...ids]
    while (held.length > 0) {
      try {
        return { dead: new Set(await this.#patiently(() => call(held))), lost }
      } catch (error) {
        const stale = isUserEngineError(error, 'STALE_LEASE') ? new Set(error.data.eventIds) : NOBODY
        const isStale = held.some((id) => stale.has(id))
        if (!isStale)
          tell({ kind: 'store-failed', operation, code: isUserEngineError(error) ? error.code : null })
        const gone = isStale ? held.filter((id) => stale.has(id)) : held
        held = held.filter((id) => !gone.includes(id))
        for (const id of gone) lost.add(id)
        // An extension that failed for another reason changes nothing: the lease ends when it ends.
        if (!isStale && operation === 'extend') continue
        for (const id of gone) this.#open.delete(id)
        tell({ kind: 'lease-lost', eventIds: gone })
      }
    }
    return { dead: NOBODY, lost }
  }

  // Repeating is safe, also where the outcome is unknown: a token settles an event once [OBX-06].
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    const isPassing = (error: unknown) =>
      isUserEngineError(error) && (error.retryable || error.code === 'OUTCOME_UNKNOWN')
    const isPatient = (attempt: number) =>
      this.#environment.stopping.aborted
        ? attempt <= RETRIES_WHILE_STOPPING
        : performance.now() < this.#leaseEndsAtMs
    return await repeatWhile((error, attempt) => isPassing(error) && isPatient(attempt), work, PATIENCE)
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.then(task)
    this.#turns = turn.catch(() => undefined)
    return turn
  }
}

function fateOf([id]: readonly Id[], { dead, lost }: Outcome): Fate {
  if (id === undefined || lost.has(id)) return 'lost'
  return dead.has(id) ? 'dead' : 'waiting'
}
