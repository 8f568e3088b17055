import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import type { BenchServer } from '../data/server.ts'
import type { Round } from '../measure/closed-loop.ts'
import { readCpu } from '../measure/cpu.ts'
import { jobPayload } from './queue.ts'

export interface GraphileWorkers {
  /** Adds jobs that do nothing and waits until workers have done them. Latencies are not known. */
  drain(options: {
    readonly count: number
    readonly batch: number
    readonly consumers: number
  }): Promise<Round>
  close(): Promise<void>
}

const TASK = 'event'
/** Jobs that one worker of a batch does at the same time. */
const MOST_CONCURRENT = 24

export async function openGraphileWorker(server: BenchServer, consumers: number): Promise<GraphileWorkers> {
  const { provider, postmasterPid } = server
  await provider.provisionDatabase({ name: 'bench_graphile' })
  const { host, port, user, password } = provider.serverHandle.admin
  const pgPool = new pg.Pool({
    ...{ host, port, user, password, database: 'bench_graphile' },
    max: consumers * 12,
  })
  pgPool.on('error', () => {})
  pgPool.on('connect', (client) => client.on('error', () => {}))
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool, logger })
  await utils.migrate()
  return {
    async drain({ count, batch, consumers: workers }) {
      const jobs = Array.from({ length: count }, (_, index) => ({
        identifier: TASK,
        payload: jobPayload(index),
      }))
      for (let from = 0; from < count; from += 5_000) await utils.addJobs(jobs.slice(from, from + 5_000))
      await pgPool.query('ANALYZE')
      const { promise, resolve } = Promise.withResolvers<void>()
      let done = 0
      const task = () => {
        done += 1
        if (done === count) resolve()
      }
      const before = readCpu(postmasterPid)
      const start = performance.now()
      const worker = {
        concurrentJobs: Math.min(batch, MOST_CONCURRENT),
        ...(batch === 1 ? {} : { localQueue: { size: batch }, completeJobBatchDelay: 0 }),
      }
      const runners = await Promise.all(
        Array.from({ length: workers }, () =>
          run({ pgPool, logger, noHandleSignals: true, taskList: { [TASK]: task }, preset: { worker } }),
        ),
      )
      await promise
      await Promise.all(runners.map((runner) => runner.stop()))
      const seconds = (performance.now() - start) / 1000
      const after = readCpu(postmasterPid)
      const unknown = Number.NaN
      return {
        rate: count / seconds,
        latency: { p50: unknown, p95: unknown, p99: unknown },
        clientCpu: ((after.client - before.client) * 1000) / count,
        serverCpu: ((after.server - before.server) * 1000) / count,
      }
    },
    async close() {
      await utils.release()
      await pgPool.end()
    },
  }
}
