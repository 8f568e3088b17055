// The servers of the proof: each is started when a provider needs it, and has one migrated database that all are copies of.
import {
  createLocalProvider,
  type LocalProvider,
  type LocalProviderOptions,
} from '@user-engine/provider-local'
import { migrate } from '@user-engine/store-postgres'
import type { ServerName } from './provider-under-proof.ts'

/** A server with a migrated database to copy. */
export interface ProofServer {
  readonly provider: LocalProvider
  readonly template: string
}

export interface ProofServers {
  get(name: ServerName): Promise<ProofServer>
  stop(): Promise<void>
}

const OPTIONS: { readonly [Name in ServerName]: LocalProviderOptions } = {
  tls: { tls: true },
  plain: {},
  unsafe: { settings: { fsync: 'off' } },
}
const TEMPLATE = 'handed_over'

export function createProofServers(): ProofServers {
  const servers = new Map<ServerName, Promise<ProofServer>>()
  return {
    get(name) {
      const known = servers.get(name)
      const server = known ?? start(OPTIONS[name])
      servers.set(name, server)
      return server
    },
    async stop() {
      for (const server of servers.values()) await (await server).provider.stop()
    },
  }
}

async function start(options: LocalProviderOptions): Promise<ProofServer> {
  const provider = await createLocalProvider({ backend: 'embedded', ...options })
  const { capability } = await provider.provisionDatabase({ name: TEMPLATE })
  await migrate({ capability })
  return { provider, template: TEMPLATE }
}
