import { LEASE_ROLES } from '@user-engine/store-protocol'
import type { PreflightResult } from '../preflight.ts'
import { showError } from '../show.ts'
import type { CapabilityHarness } from './harness.ts'
import { type CapabilityManifest, manifestOf } from './manifest.ts'
import { describeCapability, leaseOf } from './read-capability.ts'

/** Proves that there is something to judge. Never rejects: what goes wrong becomes a reason. */
export async function proveCapabilityHarness(
  harness: CapabilityHarness,
): Promise<PreflightResult<CapabilityManifest>> {
  const { capability } = harness
  const has = (name: string) => typeof Reflect.get(Object(capability), name) === 'function'
  if (!has('describe') || !has('lease')) {
    const reason =
      'The capability of the harness has no describe() and lease(role): hand over data and functions, not a pool, a client or a connection string.'
    return { ok: false, reasons: [reason] }
  }
  try {
    const description = await describeCapability(capability)
    const leases = await Promise.all(LEASE_ROLES.map((role) => leaseOf(capability, role)))
    return { ok: true, manifest: manifestOf(description, leases) }
  } catch (error) {
    return {
      ok: false,
      reasons: [`Before any case: ${error instanceof Error ? error.message : showError(error)}`],
    }
  }
}
