// Databases on the server that all test files share, with names of this file's own: the server may be a given one.
import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { attachLocalProvider, type LocalProvider, type ServerHandle } from '../local-provider.ts'

export interface SharedServer {
  readonly handle: ServerHandle
  /** A name for a database that no other run has. */
  name(what: string): string
  attach(overrides?: Partial<ServerHandle>): Promise<LocalProvider>
  /** Removes every database that was named, and stops every provider that was attached. */
  clear(): Promise<void>
}

export function useSharedServer(): SharedServer {
  const handle = inject('postgresServer')
  const run = randomBytes(4).toString('hex')
  const names = new Set<string>()
  const providers: LocalProvider[] = []
  return {
    handle,
    name: (what) => {
      const name = `test_${run}_${what}`
      names.add(name)
      return name
    },
    attach: async (overrides = {}) => {
      const provider = await attachLocalProvider({ ...handle, ...overrides })
      providers.push(provider)
      return provider
    },
    clear: async () => {
      const owner = await attachLocalProvider(handle)
      for (const name of names) await owner.dropDatabase(name)
      await Promise.all([owner, ...providers].map((provider) => provider.stop()))
    },
  }
}
