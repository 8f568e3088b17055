// Sessions, steps and permutations: transactions that go on step by step, in every order in which they overlap.
import { isUserEngineError, type StoreTransaction, type UserEngineStore } from '@user-engine/store-protocol'
import { createGate, type Gate } from '../../gate.ts'
import { ACME } from '../../records.ts'
import { raceAgainst } from '../../time-limit.ts'

/** One thing that a session does; what it returns is what the session saw. */
export type SessionStep = (tx: StoreTransaction) => Promise<unknown>

/** The steps of one transaction. */
export interface SessionScript {
  readonly steps: readonly SessionStep[]
  /** Whether the transaction gives up at its end. */
  readonly aborts?: boolean
}

/** What became of a session: what each step saw, as far as it came, and whether it was committed. */
export interface SessionHistory {
  readonly seen: readonly unknown[]
  readonly committed: boolean
}

/** What came of one order of steps. */
export interface Interleaving {
  readonly histories: readonly SessionHistory[]
  /** How often a step had to wait for another session. */
  readonly blocked: number
}

/** How long a step may take before it is held to be waiting for another session. */
const BLOCKED_AFTER_MS = 150

class GivesUp extends Error {}

/** Every order of the steps of these sessions in which they overlap, as the session that goes next. */
export function listOrders(lengths: readonly number[]): readonly (readonly number[])[] {
  const orders: number[][] = []
  const extend = (order: number[], left: readonly number[]) => {
    if (left.every((count) => count === 0)) {
      if (overlaps(order, lengths.length)) orders.push(order)
      return
    }
    for (const [session, count] of left.entries()) {
      // The first session begins: orders that differ only in which of two is which are the same.
      if (count === 0 || (order.length === 0 && session > 0)) continue
      extend(
        [...order, session],
        left.map((other, index) => (index === session ? other - 1 : other)),
      )
    }
  }
  extend([], lengths)
  return orders
}

/** Whether at least two sessions are under way at the same time. */
function overlaps(order: readonly number[], sessions: number): boolean {
  for (let session = 0; session < sessions; session++) {
    const [first, last] = [order.indexOf(session), order.lastIndexOf(session)]
    if (order.slice(first, last).some((other) => other !== session)) return true
  }
  return false
}

/**
 * Runs the sessions in one order. A step that another session blocks goes on by itself when it can; the order goes on
 * without it.
 * @throws what a session failed with that is not a typed error.
 */
export async function interleave(
  stores: readonly [UserEngineStore, ...UserEngineStore[]],
  scripts: readonly SessionScript[],
  order: readonly number[],
): Promise<Interleaving> {
  const sessions = scripts.map((script, index) =>
    startSession(stores[index % stores.length] ?? stores[0], script),
  )
  let blocked = 0
  const next = scripts.map(() => 0)
  for (const index of order) {
    const step = sessions[index]?.steps[next[index] ?? 0]
    next[index] = (next[index] ?? 0) + 1
    if (step === undefined) continue
    step.begin.open()
    const isDone = await raceAgainst(
      step.done.opened.then(() => true),
      BLOCKED_AFTER_MS,
    )
    if (isDone !== true) blocked += 1
  }
  const histories = await Promise.all(sessions.map(({ history }) => history))
  return { histories, blocked }
}

interface Session {
  readonly steps: readonly { readonly begin: Gate; readonly done: Gate }[]
  readonly history: Promise<SessionHistory>
}

function startSession(store: UserEngineStore, { steps, aborts = false }: SessionScript): Session {
  const gates = steps.map(() => ({ begin: createGate(), done: createGate() }))
  const seen: unknown[] = []
  const transaction = store.transact(ACME, async (tx) => {
    for (const [index, step] of steps.entries()) {
      await gates[index]?.begin.opened
      seen.push(await step(tx))
      // The last step is done when the transaction is: an order means commits as well.
      if (index < steps.length - 1) gates[index]?.done.open()
    }
    if (aborts) throw new GivesUp()
  })
  const history = transaction
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof GivesUp || isUserEngineError(error)) return false
        throw error
      },
    )
    .then((committed) => ({ seen, committed }))
    .finally(() => {
      for (const { done } of gates) done.open()
    })
  history.catch(() => {})
  return { steps: gates, history }
}
