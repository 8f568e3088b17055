// Work that goes on while a server is lost and replaced: writers who repeat a unit with its key until it is acknowledged, and
// relays that claim, hand over and settle. Everything that was promised is written down, to be compared with what is there.
import { setTimeout as pause } from 'node:timers/promises'
import { type ErrorCode, type Id, isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { type DrillUnit, newUnit, perform } from './drill-unit.ts'

/** What became of a call of a relay that settles events. */
interface Settlement {
  readonly token: number
  readonly eventIds: readonly Id[]
  /** When the call was made and when it was answered, by {@link performance.now}. */
  readonly calledAt: number
  readonly answeredAt: number
  /** `null`: it was acknowledged. */
  readonly refusal: ErrorCode | null
}

/** A lease that a consumer holds on to. */
export interface HeldLease {
  readonly token: number
  readonly eventIds: readonly Id[]
}

export interface DrillWorkload {
  readonly units: readonly DrillUnit[]
  /** When each unit was acknowledged, by number. */
  readonly acknowledged: ReadonlyMap<number, number>
  readonly handOvers: readonly { readonly eventId: Id; readonly token: number; readonly at: number }[]
  readonly settlements: readonly Settlement[]
  /** How often writers met each error before their unit was acknowledged. */
  readonly errors: ReadonlyMap<string, number>
  /** Whatever was thrown that is no error of the contract. */
  readonly untyped: readonly unknown[]
  /** Waits until this many more units have been acknowledged. */
  progress(count: number): Promise<void>
  /** Claims events and keeps them, for as long as a lease lasts. */
  hold(limit: number): Promise<HeldLease>
  /** Tries to settle what is held. @returns the refusal; `null` when it was acknowledged. */
  settle(held: HeldLease): Promise<ErrorCode | null>
  /** Lets every unit that was begun be acknowledged, and every event be settled. */
  finish(): Promise<void>
}

const WRITERS = 6
const RELAYS = 2
const BATCH = 10
const RELAY_LEASE_MS = 2_000
const HELD_LEASE_MS = 600_000
/** What a writer does not repeat after, because repeating would not help. */
const FINAL: readonly ErrorCode[] = ['VALIDATION', 'DUPLICATE_KEY', 'IDEMPOTENCY_MISMATCH', 'INTERNAL']

export function startWorkload(store: UserEngineStore): DrillWorkload {
  return new RunningWorkload(store)
}

class RunningWorkload implements DrillWorkload {
  readonly units: DrillUnit[] = []
  readonly acknowledged = new Map<number, number>()
  readonly handOvers: { eventId: Id; token: number; at: number }[] = []
  readonly settlements: Settlement[] = []
  readonly errors = new Map<string, number>()
  readonly untyped: unknown[] = []
  readonly #store: UserEngineStore
  readonly #writers: readonly Promise<void>[]
  readonly #relays: readonly Promise<void>[]
  #isWriting = true
  #isRelaying = true

  constructor(store: UserEngineStore) {
    this.#store = store
    this.#writers = Array.from({ length: WRITERS }, () => this.#write())
    this.#relays = Array.from({ length: RELAYS }, (_, index) => this.#relay(`relay-${index}`))
  }

  async progress(count: number): Promise<void> {
    const goal = this.acknowledged.size + count
    while (this.acknowledged.size < goal) {
      if (this.untyped.length > 0) throw this.untyped[0]
      await pause(5)
    }
  }

  async hold(limit: number): Promise<HeldLease> {
    for (;;) {
      const { token, deliveries } = await this.#store.outbox.claim({
        consumer: 'holder',
        limit,
        leaseMs: HELD_LEASE_MS,
      })
      const eventIds = this.#note(token, deliveries)
      if (eventIds.length > 0) return { token, eventIds }
    }
  }

  async settle({ token, eventIds }: HeldLease): Promise<ErrorCode | null> {
    const calledAt = performance.now()
    const refusal = await this.#store.outbox.ack({ token, eventIds: [...eventIds] }).then(
      () => null,
      (error: unknown) => this.#codeOf(error),
    )
    this.settlements.push({ token, eventIds, calledAt, answeredAt: performance.now(), refusal })
    return refusal
  }

  async finish(): Promise<void> {
    this.#isWriting = false
    await Promise.all(this.#writers)
    const isSettled = async () => {
      const { pending, leased } = await this.#store.outbox.stats()
      return pending + leased === 0
    }
    while (!(await isSettled())) await pause(10)
    this.#isRelaying = false
    await Promise.all(this.#relays)
  }

  async #write(): Promise<void> {
    while (this.#isWriting && this.untyped.length === 0) {
      const unit = newUnit(this.units.length)
      this.units.push(unit)
      while (this.untyped.length === 0 && !(await this.#isDone(unit))) await pause(10 + Math.random() * 20)
    }
  }

  async #isDone(unit: DrillUnit): Promise<boolean> {
    try {
      await perform(this.#store, unit)
      this.acknowledged.set(unit.number, performance.now())
      return true
    } catch (error) {
      const code = this.#codeOf(error)
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
      if (FINAL.includes(code)) this.untyped.push(error)
      return false
    }
  }

  async #relay(consumer: string): Promise<void> {
    while (this.#isRelaying) {
      try {
        const claim = { consumer, limit: BATCH, leaseMs: RELAY_LEASE_MS }
        const { token, deliveries } = await this.#store.outbox.claim(claim)
        const eventIds = this.#note(token, deliveries)
        // The receiver's part, so that leases are out at every moment.
        await pause(5)
        if (eventIds.length > 0) await this.settle({ token, eventIds })
      } catch (error) {
        this.#codeOf(error)
        await pause(10)
      }
    }
  }

  #note(token: number, deliveries: readonly { readonly event: { readonly id: Id } }[]): readonly Id[] {
    const at = performance.now()
    for (const { event } of deliveries) this.handOvers.push({ eventId: event.id, token, at })
    return deliveries.map(({ event }) => event.id)
  }

  #codeOf(error: unknown): ErrorCode {
    if (isUserEngineError(error)) return error.code
    this.untyped.push(error)
    return 'INTERNAL'
  }
}
