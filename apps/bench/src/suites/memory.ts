// The store in memory: service commands at several sizes, each world in a process of its own, in turns.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MemoryWorldSize } from '../data/memory-world.ts'
import type { Round } from '../measure/closed-loop.ts'
import { type Cell, type Measured, measureInterleaved } from '../measure/interleave.ts'
import { OPERATION_TITLES, OPERATIONS } from './operations.ts'

/** The commands and queries that one core is judged by. */
export const MEMORY_COMMANDS = [...OPERATIONS, 'updateUserWithKey'] as const

const WORLD_OPERATIONS = [...MEMORY_COMMANDS, 'auditOfUser', 'claimAndAck'] as const

/** What is done at every size, and what is done with and without much history. */
export const MEMORY_OPERATIONS = [...WORLD_OPERATIONS, 'recordsInMaps'] as const

export type MemoryOperation = (typeof MEMORY_OPERATIONS)[number]

export const MEMORY_TITLES: { readonly [Name in MemoryOperation]: string } = {
  ...OPERATION_TITLES,
  updateUserWithKey: 'update a user, with an idempotency key',
  recordsInMaps: 'reference: the records of provisioning, in a `Map` each',
  auditOfUser: 'the newest audit records of a user',
  claimAndAck: 'claim and ack of 100 (events)',
}

export interface MemoryKey extends MemoryWorldSize {
  readonly operation: MemoryOperation
}

/** How much memory one world takes. */
export interface MemoryUse extends MemoryWorldSize {
  readonly bytesPerRecord: number
  readonly bytesPerCommand: number | null
}

/** What a process is asked: to fill its world, or as many maps, or for one round. */
export type MemoryRequest =
  | { readonly fill: 'store' | 'maps'; readonly size: MemoryWorldSize }
  | { readonly operation: MemoryOperation; readonly durationMs: number }

export type MemoryResponse = Omit<MemoryUse, keyof MemoryWorldSize> | Round | null

/** The worlds that have been measured. */
export function memoryWorlds(cells: readonly Measured<MemoryKey>[]): readonly MemoryWorldSize[] {
  return cells
    .filter(({ key }) => key.operation === 'updateUser')
    .map(({ key: { records, commands } }) => ({ records, commands }))
}

export interface MemoryOptions {
  readonly worlds: readonly MemoryWorldSize[]
  readonly rounds: number
  readonly durationMs: number
  readonly say: (line: string) => void
}

export interface MemoryMeasured {
  readonly cells: readonly Measured<MemoryKey>[]
  readonly use: readonly MemoryUse[]
}

export async function measureMemory(options: MemoryOptions): Promise<MemoryMeasured> {
  const { cells, use } = await measureProcesses('store', WORLD_OPERATIONS, options)
  // Afterwards: what lies in maps would otherwise be collected beside the rounds of the worlds.
  const reference = await measureProcesses('maps', ['recordsInMaps'], options)
  return { cells: [...cells, ...reference.cells], use }
}

/** Fills a process for each world, and measures the operations in all of them in turns. */
async function measureProcesses(
  fill: 'store' | 'maps',
  operations: readonly MemoryOperation[],
  { worlds, rounds, durationMs, say }: MemoryOptions,
): Promise<MemoryMeasured> {
  const opened: { readonly size: MemoryWorldSize; readonly child: ChildProcess }[] = []
  const use: MemoryUse[] = []
  try {
    for (const size of worlds) {
      const child = startProcess()
      opened.push({ size, child })
      const used = await ask<Omit<MemoryUse, keyof MemoryWorldSize> | null>(child, { fill, size })
      if (used !== null) use.push({ ...size, ...used })
      say(`memory, ${fill}: ${size.records} records, ${size.commands} commands before`)
    }
    const cells = operations.flatMap((operation) =>
      opened.map(
        ({ size, child }): Cell<MemoryKey> => ({
          key: { operation, ...size },
          round: (duration) => ask<Round>(child, { operation, durationMs: duration }),
        }),
      ),
    )
    return { cells: await measureInterleaved(cells, { rounds, durationMs }), use }
  } finally {
    for (const { child } of opened) child.kill()
  }
}

function startProcess(): ChildProcess {
  return fork(fileURLToPath(new URL('./memory-worker.ts', import.meta.url)), {
    execArgv: [
      '--expose-gc',
      '--max-old-space-size=8192',
      '--disable-warning=ExperimentalWarning',
      '--conditions=@user-engine/source',
    ],
  })
}

async function ask<Response extends MemoryResponse>(
  child: ChildProcess,
  request: MemoryRequest,
): Promise<Response> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`the process of a world has ended with ${code}`)
  })
  const answer = once(child, 'message', { signal: ended.signal })
  try {
    child.send(request)
    const [response] = (await Promise.race([answer, exit])) as [Response]
    return response
  } finally {
    exit.catch(() => {})
    ended.abort()
  }
}
