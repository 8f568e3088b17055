import type { Round } from './closed-loop.ts'
import { median } from './statistics.ts'

/** One thing to be measured, many times. */
export interface Cell<Key> {
  readonly key: Key
  readonly round: (durationMs: number) => Promise<Round>
  /** Whether it is ready from its first moment on. */
  readonly needsNoWarmUp?: boolean
}

export interface Measured<Key> {
  readonly key: Key
  readonly rounds: number
  readonly median: Round
  /** The lowest and the highest rate of a round. */
  readonly range: readonly [number, number]
}

/**
 * Measures the cells in turns: a round of each, then the next round of each, so that what changes over time changes for
 * all of them. A shorter round of each goes before and does not count.
 */
export async function measureInterleaved<Key>(
  cells: readonly Cell<Key>[],
  options: {
    readonly rounds: number
    readonly durationMs: number
    readonly onRound?: (key: Key, round: Round) => void
  },
): Promise<readonly Measured<Key>[]> {
  const rounds = new Map<Cell<Key>, Round[]>(cells.map((cell) => [cell, []]))
  for (const cell of cells) {
    if (cell.needsNoWarmUp !== true) await cell.round(Math.min(options.durationMs / 2, 300))
  }
  for (let turn = 0; turn < options.rounds; turn += 1) {
    // Every other turn backwards, so that no cell always follows the same neighbour.
    const order = turn % 2 === 0 ? cells : cells.toReversed()
    for (const cell of order) {
      const round = await cell.round(options.durationMs)
      rounds.get(cell)?.push(round)
      options.onRound?.(cell.key, round)
    }
  }
  return cells.map((cell) => summary(cell.key, rounds.get(cell) ?? []))
}

function summary<Key>(key: Key, rounds: readonly Round[]): Measured<Key> {
  const of = (read: (round: Round) => number) => median(rounds.map(read))
  const rates = rounds.map(({ rate }) => rate)
  return {
    key,
    rounds: rounds.length,
    median: {
      rate: of(({ rate }) => rate),
      latency: {
        p50: of(({ latency }) => latency.p50),
        p95: of(({ latency }) => latency.p95),
        p99: of(({ latency }) => latency.p99),
      },
      clientCpu: of(({ clientCpu }) => clientCpu),
      serverCpu: of(({ serverCpu }) => serverCpu ?? Number.NaN),
    },
    range: [Math.min(...rates), Math.max(...rates)],
  }
}
