import { attachLocalProvider, type LocalDatabase } from '@user-engine/provider-local'
import type {} from '@user-engine/provider-local/vitest'
import { createPostgresStore, migrate } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { inject, onTestFinished } from 'vitest'
import type { TestStoreOptions } from './test-store-options.ts'

let count = 0
let template: Promise<LocalDatabase> | undefined

/** A store on a fresh database of the shared server; both go when the test has finished. */
export async function openPostgresStore(options: TestStoreOptions = {}): Promise<UserEngineStore> {
  const provider = await attachLocalProvider(inject('postgresServer'))
  template ??= migrateTemplate()
  const name = nextName()
  const { capability } = await provider.provisionDatabase({ name, template: (await template).name })
  const store = await createPostgresStore({ capability, ...options })
  onTestFinished(async () => {
    await store.close()
    await provider.dropDatabase(name)
  })
  return store
}

async function migrateTemplate(): Promise<LocalDatabase> {
  const provider = await attachLocalProvider(inject('postgresServer'))
  const database = await provider.provisionDatabase({ name: nextName() })
  await migrate({ capability: database.capability })
  return database
}

function nextName(): string {
  count += 1
  return `ue_service_${process.pid}_${count}`
}
