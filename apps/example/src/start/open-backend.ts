import { join } from 'node:path'
import { createLocalProvider } from '@user-engine/provider-local'
import { createPostgresStore, migrate, tendOutboxLog } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import type { AppOptions } from '../options.ts'

/** A store that is ready for work, and how to leave everything behind it in order. */
export interface OpenBackend {
  readonly store: UserEngineStore
  /** For people: `embedded Postgres 18.4 on 127.0.0.1:54321`. */
  readonly description: string
  /** What should be done every few minutes. */
  readonly maintain: () => Promise<void>
  close(): Promise<void>
}

/** Brings up the store that the options ask for: provisions, migrates, opens. */
export async function openBackend(
  options: Pick<AppOptions, 'store' | 'databaseUrl' | 'dataDir'>,
): Promise<OpenBackend> {
  if (options.store === 'memory') {
    const { createMemoryStore } = await import('@user-engine/store-memory')
    const store = createMemoryStore()
    return {
      store,
      description: 'memory, gone when the app ends',
      maintain: async () => {},
      close: () => store.close(),
    }
  }
  const { databaseUrl, dataDir } = options
  const provider = await createLocalProvider(
    databaseUrl === null ? { backend: 'embedded', dataDir: join(dataDir, 'postgres') } : { databaseUrl },
  )
  try {
    const { capability } = await provider.provisionDatabase()
    await migrate({ capability })
    const store = await createPostgresStore({ capability })
    return {
      store,
      description: `${provider.backend.description}${databaseUrl === null ? `, data in ${dataDir}` : ''}`,
      maintain: async () => {
        await store.purgeIdempotencyKeys()
        await tendOutboxLog({ capability })
      },
      async close() {
        await store.close()
        await provider.stop()
      },
    }
  } catch (error) {
    await provider.stop()
    throw error
  }
}
