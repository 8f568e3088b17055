import {
  createLocalProvider,
  type LocalProvider,
  type LocalProviderOptions,
} from '@user-engine/provider-local'
import { testMajor } from '@user-engine/provider-local/vitest'

/** A server of a test's own, which it may kill and pause; of the major version that the run is for. */
export async function openOwnServer(
  options: Pick<LocalProviderOptions, 'settings'> = {},
): Promise<LocalProvider> {
  return await createLocalProvider({ backend: 'embedded', ...testMajor(), ...options })
}
