import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalProvider, type LocalDatabase, type LocalProvider } from '@user-engine/provider-local'
import { migrate } from '@user-engine/store-postgres'

/** Durable: a commit that was acknowledged survives a power cut. Tuned: what one would set on a server of this size. */
export const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '3GB',
  effective_cache_size: '12GB',
  wal_buffers: '64MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '30min',
  checkpoint_completion_target: '0.9',
  random_page_cost: '1.1',
  maintenance_work_mem: '512MB',
  work_mem: '32MB',
  jit: 'off',
  autovacuum: 'on',
  autovacuum_naptime: '10s',
} as const

export interface BenchServer {
  readonly provider: LocalProvider
  readonly postmasterPid: number
  /** A migrated database. */
  createDatabase(name: string): Promise<LocalDatabase>
  stop(): Promise<void>
}

/** One embedded server for the whole run. */
export async function startServer(): Promise<BenchServer> {
  const provider = await createLocalProvider({ backend: 'embedded', settings: SETTINGS })
  const first = await provider.provisionDatabase({ name: 'bench_probe' })
  const { rows } = await first.query('SHOW data_directory')
  return {
    provider,
    postmasterPid: readPostmasterPid(String(rows[0]?.['data_directory'])),
    async createDatabase(name) {
      const database = await provider.provisionDatabase({ name })
      await migrate({ capability: database.capability })
      return database
    },
    async stop() {
      await untilOthersHaveLeft(first)
      await provider.stop()
    },
  }
}

const LONGEST_WAIT_MS = 5_000

/**
 * Waits until nobody is connected to another database. A pool has ended before the server has seen the last of its
 * connections, and one that the server ends first is an error of a client that nobody listens to any more.
 */
async function untilOthersHaveLeft(database: LocalDatabase): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS
  while (performance.now() < end) {
    const { rows } = await database.query(`
      SELECT 1 FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND datname LIKE 'bench%' AND datname <> current_database() LIMIT 1`)
    if (rows.length === 0) return
  }
}

function readPostmasterPid(dataDirectory: string): number {
  return Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0])
}
