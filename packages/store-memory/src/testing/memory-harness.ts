import { randomUUID } from 'node:crypto'
import { type ConformanceHarness, defineHarness } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '../create-memory-store.ts'
import { createMemoryBackend, type MemoryBackend } from '../memory-backend.ts'

const backends = new Map<string, MemoryBackend>()

/** Every namespace is a backend of its own. */
export const memoryHarness: ConformanceHarness = defineHarness({
  name: 'memory',
  async freshNamespace() {
    const namespace = randomUUID()
    backends.set(namespace, createMemoryBackend())
    return namespace
  },
  async destroyNamespace(namespace) {
    backends.delete(namespace)
  },
  reference: async () => createMemoryStore(),
  async open(namespace) {
    const backend = backends.get(namespace)
    return createMemoryStore(backend === undefined ? {} : { backend })
  },
})

// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module
export default memoryHarness
