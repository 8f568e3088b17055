import type { Judgement } from './run-store.ts'
import type { BrokenStore, OddStore } from './store-under-proof.ts'

/** How a broken store came off, against what was expected of the kit. */
export interface Kill {
  readonly id: string
  readonly breaks: string
  readonly title: string
  readonly failed: readonly string[]
  readonly because: string
  /** What is wrong with the outcome, as sentences; empty when it is as expected. */
  readonly troubles: readonly string[]
}

/**
 * Cases whose outcome on a broken store is a matter of scheduling: they race many calls, or look at what happens
 * within a time. They count as kills; whether one of them catches a store it is not about is not compared.
 */
const DECIDED_BY_TIMING =
  /^(?:TXN-07|TXN-09|TXN-11)\.|^(?:AUD-06\.order-under-load|OBX-02\.one-live-lease-per-event|OBX-06\.accounting-of-competing-consumers|OBX-07\.consumers-that-die-of-it|OBX-08\.history-costs-nothing)$/

/** What the proof must know of a store to judge what the kit said of it. */
interface JudgedStore extends Pick<BrokenStore, 'id' | 'breaks' | 'title'> {
  /** Cases that may catch it as well, by what was under way when a backend was killed; they are not compared. */
  readonly byChance?: readonly string[]
}

/** Compares what the kit said of a broken store with the cases that are known to catch it. */
export function judgeBroken(
  { id, breaks, title, byChance = [] }: JudgedStore,
  { failed, rules, because }: Judgement,
  expected: readonly string[] | undefined,
): Kill {
  const troubles: string[] = []
  if (failed.length === 0) troubles.push('It survived: no case failed.')
  else if (failed[0] !== 'preflight' && !rules.includes(breaks))
    troubles.push(`No failed case is evidence for ${breaks}, which it breaks.`)
  if (expected === undefined)
    troubles.push('It is not known which cases catch it: run the proof with --update.')
  const isExact = (known: string) =>
    expected !== undefined && !DECIDED_BY_TIMING.test(known) && !byChance.includes(known)
  const overKills = failed.filter((known) => isExact(known) && expected?.includes(known) === false)
  const missed = (expected ?? []).filter((known) => isExact(known) && !failed.includes(known))
  if (overKills.length > 0) troubles.push(`These cases were not expected to fail: ${overKills.join(', ')}.`)
  if (missed.length > 0) troubles.push(`These cases were expected to fail: ${missed.join(', ')}.`)
  return { id, breaks, title, failed, because, troubles }
}

/** What is wrong with the outcome of an odd store, or null. */
export function judgeOdd({ id }: OddStore, { failed, because }: Judgement): string | null {
  return failed.length === 0 ? null : `${id} breaks no rule and failed ${failed.join(', ')}: ${because}`
}
