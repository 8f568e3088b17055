export type { MemoryClock } from './clock.ts'
export { createMemoryStore, type MemoryStoreOptions } from './create-memory-store.ts'
export {
  createMemoryBackend,
  type MemoryBackend,
  type MemoryBackendOptions,
} from './memory-backend.ts'
