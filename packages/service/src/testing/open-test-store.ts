import { createMemoryStore } from '@user-engine/store-memory'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { onTestFinished } from 'vitest'
import type { TestStoreOptions } from './test-store-options.ts'

/** A fresh store in memory, closed when the test has finished. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<UserEngineStore> {
  const store = createMemoryStore(options)
  onTestFinished(() => store.close())
  return store
}
