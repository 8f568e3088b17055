import { readCpu } from './cpu.ts'
import { quantile } from './statistics.ts'

/** One round of one path. */
export interface Round {
  /** Operations, or events, per second. */
  readonly rate: number
  /** In milliseconds. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number }
  /** CPU per operation, in microseconds. */
  readonly clientCpu: number
  /** `null` where it is not known. */
  readonly serverCpu: number | null
}

export interface LoopOptions {
  readonly callers: number
  readonly durationMs: number
  readonly postmasterPid: number
  /** One operation of one caller. A number is how many things it did; otherwise it did one. 0 ends the caller. */
  readonly operation: (caller: number) => Promise<unknown>
}

/** Callers that each start the next operation when the last one has ended. */
export async function runClosedLoop(options: LoopOptions): Promise<Round> {
  const { callers, durationMs, postmasterPid, operation } = options
  const latencies: number[] = []
  let done = 0
  const before = readCpu(postmasterPid)
  const start = performance.now()
  const end = start + durationMs
  const caller = async (index: number) => {
    let now = performance.now()
    while (now < end) {
      const did = await operation(index)
      const after = performance.now()
      if (did === 0) return
      latencies.push(after - now)
      done += typeof did === 'number' ? did : 1
      now = after
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
  const seconds = (performance.now() - start) / 1000
  const after = readCpu(postmasterPid)
  return {
    rate: done / seconds,
    latency: latencySummary(latencies),
    clientCpu: ((after.client - before.client) * 1000) / done,
    serverCpu: ((after.server - before.server) * 1000) / done,
  }
}

export function latencySummary(latencies: readonly number[]): Round['latency'] {
  return {
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
  }
}
