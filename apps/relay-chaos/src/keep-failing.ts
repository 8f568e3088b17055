import { setTimeout as pause } from 'node:timers/promises'
import { type Fault, monotonicMs } from './evidence.ts'
import { type StartedProcess, startProcess } from './processes/started-process.ts'
import type { RelayTask } from './processes/tasks.ts'

/** What happens to relay processes while events are written. Times are in milliseconds, chosen at random between two. */
export interface FaultPlan {
  readonly fault: 'kill' | 'pause'
  /** How long a relay is left alone once it works. */
  readonly afterMs: readonly [number, number]
  /** How long it is dead, or sleeps. */
  readonly forMs: readonly [number, number]
}

/** One place for a relay, in which process follows process. */
export interface RelayPlace {
  /** Ends the faults, and leaves a relay working. */
  settle(): Promise<void>
  /** Asks the relay to finish. */
  stop(): Promise<void>
}

interface RelayPlaceOptions {
  readonly plan: FaultPlan
  /** The task of the next process. */
  readonly nextTask: () => RelayTask
  /** Is told of each fault when it is over. */
  readonly onFault: (fault: Fault) => void
}

/** Starts a relay and lets faults happen to it until it is settled. */
export async function keepFailing(options: RelayPlaceOptions): Promise<RelayPlace> {
  const settling = new AbortController()
  const first = await startRelay(options)
  const last = failRepeatedly(first, options, settling.signal)
  // Whoever settles sees the failure; until then it must not end the process.
  last.catch(() => undefined)
  return {
    async settle() {
      settling.abort()
      await last
    },
    stop: async () => await (await last).process.stop(),
  }
}

interface RunningRelay {
  readonly relay: string
  readonly process: StartedProcess<object>
}

async function startRelay({ nextTask }: RelayPlaceOptions): Promise<RunningRelay> {
  const task = nextTask()
  return { relay: task.relay, process: await startProcess('relay-process.ts', task) }
}

async function failRepeatedly(
  first: RunningRelay,
  options: RelayPlaceOptions,
  settling: AbortSignal,
): Promise<RunningRelay> {
  const { plan, onFault } = options
  let running = first
  while (await passes(between(plan.afterMs), settling)) {
    const { relay, process } = running
    const atMs = monotonicMs()
    if (plan.fault === 'kill') {
      await process.kill()
      onFault({ kind: 'killed', relay, atMs, untilMs: monotonicMs() })
      await passes(between(plan.forMs), settling)
      running = await startRelay(options)
    } else {
      process.pause()
      await pause(between(plan.forMs))
      process.resume()
      onFault({ kind: 'paused', relay, atMs, untilMs: monotonicMs() })
    }
  }
  return running
}

function between([least, most]: readonly [number, number]): number {
  return least + Math.random() * (most - least)
}

/** Lets time pass; false when the faults are to end. */
async function passes(ms: number, settling: AbortSignal): Promise<boolean> {
  await pause(ms, undefined, { signal: settling }).catch(() => undefined)
  return !settling.aborted
}
