// For the command line of the kit: a server of its own, which is killed and paused.
import type { ConformanceHarness } from '@user-engine/store-conformance-kit'
import { createLocalHarness } from './local-harness.ts'
import { openOwnServer } from './own-server.ts'

// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module
export default async function openHarness(): Promise<ConformanceHarness> {
  const provider = await openOwnServer()
  const harness = await createLocalHarness(provider, { withFaults: true })
  return {
    ...harness,
    backendVersion: async () => provider.backend.serverVersion,
    dispose: () => provider.stop(),
  }
}
