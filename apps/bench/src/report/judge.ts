import type { Measured } from '../measure/interleave.ts'
import type { Results } from '../results.ts'
import { CALLERS, type ComparisonKey, type PathName } from '../suites/comparison.ts'
import type { GrowthKey } from '../suites/growth.ts'
import type { ImportKey } from '../suites/import.ts'
import {
  MEMORY_COMMANDS,
  MEMORY_TITLES,
  type MemoryKey,
  type MemoryOperation,
  memoryWorlds,
} from '../suites/memory.ts'
import { OPERATION_TITLES, type OperationName } from '../suites/operations.ts'
import type { OutboxKey } from '../suites/outbox.ts'
import {
  GROWTH_LIMIT,
  IMPORT_TARGETS,
  MEMORY_RATE,
  RATIO_TARGETS,
  TIMES_PRISMA,
  TIMES_QUEUES,
} from '../targets.ts'

/** One target and what was measured for it. */
export interface Verdict {
  readonly group: 'the limit' | 'Prisma' | 'queues' | 'import' | 'memory' | 'growth'
  readonly what: string
  readonly target: number
  readonly measured: number
  /** Growth must stay below its target; everything else must reach it. */
  readonly met: boolean
  /** What was measured, where it can be profiled. */
  readonly cell?: ComparisonKey | ImportKey | undefined
}

export function rateOf(results: Results, operation: OperationName, path: PathName, callers: number): number {
  const matches = ({ key }: Measured<ComparisonKey>) =>
    key.operation === operation && key.path === path && key.callers === callers
  return results.comparison?.cells.find(matches)?.median.rate ?? Number.NaN
}

export function queueRate(results: Results, wanted: OutboxKey): number {
  const matches = ({ key }: Measured<OutboxKey>) =>
    key.queue === wanted.queue && key.batch === wanted.batch && key.consumers === wanted.consumers
  return results.outbox?.cells.find(matches)?.median.rate ?? Number.NaN
}

export function importRate(results: Results, path: ImportKey['path']): number {
  return results.import?.cells.find(({ key }) => key.path === path)?.median.rate ?? Number.NaN
}

/** What one core does in one world in memory. */
export function memoryRate(
  results: Results,
  operation: MemoryOperation,
  world: Pick<MemoryKey, 'records' | 'commands'>,
): number {
  const matches = ({ key }: Measured<MemoryKey>) =>
    key.operation === operation && key.records === world.records && key.commands === world.commands
  return results.memory?.cells.find(matches)?.median.rate ?? Number.NaN
}

/** The cells that missed a target, once each. */
export function missedCells(results: Results): readonly NonNullable<Verdict['cell']>[] {
  const missed = judge(results).flatMap(({ met, cell }) => (met || cell === undefined ? [] : [cell]))
  return [...new Map(missed.map((cell) => [JSON.stringify(cell), cell])).values()]
}

/** What Prisma reaches with the same work: a command that decides on what it reads is held against one that reads it too. */
function prismaRate(
  results: Results,
  { operation, path, callers }: { operation: OperationName; path: PathName; callers: number },
): number {
  const deciding = rateOf(results, operation, 'prismaCommand', callers)
  const isCommand = path === 'service' && !Number.isNaN(deciding)
  return isCommand ? deciding : rateOf(results, operation, 'prisma', callers)
}

/** How much slower the large world is; each of the small one's cells has its twin. */
export function growthRatios(results: Results): readonly {
  readonly key: GrowthKey
  readonly small: number
  readonly large: number
  readonly ratio: number
}[] {
  const cells = results.growth?.cells ?? []
  return cells
    .filter(({ key }) => key.world === 'large')
    .map(({ key, median }) => {
      const twin = cells.find(
        (cell) =>
          cell.key.world === 'small' &&
          cell.key.operation === key.operation &&
          cell.key.callers === key.callers &&
          cell.key.condition === key.condition,
      )
      const small = twin?.median.rate ?? Number.NaN
      return { key, small, large: median.rate, ratio: small / median.rate }
    })
}

/** Every target that the results speak about. */
export function judge(results: Results): readonly Verdict[] {
  const atLeast = (
    group: Verdict['group'],
    what: string,
    figures: { readonly target: number; readonly measured: number; readonly cell?: Verdict['cell'] },
  ): Verdict => ({ group, what, ...figures, met: figures.measured >= figures.target })
  const callersOf = (callers: number) => (callers === 1 ? '1 caller' : `${callers} callers`)
  const verdicts: Verdict[] = []
  if (results.comparison !== undefined) {
    for (const { operations, path, ofLimit } of RATIO_TARGETS) {
      for (const operation of operations) {
        for (const callers of CALLERS) {
          const limit = rateOf(results, operation, 'limit', callers)
          if (Number.isNaN(limit)) continue
          const measured = rateOf(results, operation, path, callers) / limit
          const what = `${OPERATION_TITLES[operation]}, ${path}, ${callersOf(callers)}`
          const cell = { operation, path, callers }
          verdicts.push(atLeast('the limit', what, { target: ofLimit[callers], measured, cell }))
        }
      }
    }
    for (const operation of TIMES_PRISMA.operations) {
      for (const path of TIMES_PRISMA.paths) {
        for (const callers of CALLERS) {
          const measured =
            rateOf(results, operation, path, callers) / prismaRate(results, { operation, path, callers })
          const what = `${OPERATION_TITLES[operation]}, ${path}, ${callersOf(callers)}`
          const cell = { operation, path, callers }
          verdicts.push(atLeast('Prisma', what, { target: TIMES_PRISMA.times, measured, cell }))
        }
      }
    }
  }
  if (results.outbox !== undefined) {
    const { batch } = TIMES_QUEUES
    for (const queue of ['pg-boss', 'graphile-worker'] as const) {
      for (const consumers of [1, 4]) {
        const measured =
          queueRate(results, { queue: 'store', batch, consumers }) /
          queueRate(results, { queue, batch, consumers })
        const what = `claim and ack of ${batch}, ${consumers} ${consumers === 1 ? 'consumer' : 'consumers'}, against ${queue}`
        verdicts.push(atLeast('queues', what, { target: TIMES_QUEUES.times[queue], measured }))
      }
    }
  }
  if (results.import !== undefined) {
    const store = importRate(results, 'store')
    const cell = { path: 'store' } as const
    const figures = { target: IMPORT_TARGETS.ofCopy, measured: store / importRate(results, 'copy'), cell }
    verdicts.push(atLeast('import', 'import through the store, of COPY', figures))
    const times = {
      target: IMPORT_TARGETS.timesPrisma,
      measured: store / importRate(results, 'prisma'),
      cell,
    }
    verdicts.push(atLeast('import', 'import through the store, against createMany', times))
  }
  for (const world of memoryWorlds(results.memory?.cells ?? [])) {
    if (world.commands > 0) continue
    for (const operation of MEMORY_COMMANDS) {
      const what = `${MEMORY_TITLES[operation]}, ${world.records.toLocaleString('en-US')} records`
      const measured = memoryRate(results, operation, world)
      verdicts.push(atLeast('memory', what, { target: MEMORY_RATE, measured }))
    }
  }
  for (const { key, ratio } of growthRatios(results)) {
    const name = key.operation === 'claimAndAck' ? 'claim and ack of 100' : OPERATION_TITLES[key.operation]
    verdicts.push({
      group: 'growth',
      what: `${name}, ${callersOf(key.callers)}, ${key.condition}`,
      target: GROWTH_LIMIT,
      measured: ratio,
      met: ratio <= GROWTH_LIMIT,
    })
  }
  return verdicts
}
