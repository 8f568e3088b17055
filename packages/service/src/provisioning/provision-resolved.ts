import type { StoreTransaction, TenantId, User } from '@user-engine/store-protocol'
import type { CompiledCatalog } from '../catalogs/compiled-catalogs.ts'
import type { CommandRun } from '../commands/command-run.ts'
import { createProvisioned } from './create-provisioned.ts'
import type { ProvisionedInput, ProvisionedUser } from './provision-input.ts'
import { updateProvisioned } from './update-provisioned.ts'

interface Resolved {
  readonly input: ProvisionedInput
  readonly tenantId: TenantId
  /** Whose identity it is; `null` for nobody's in this tenant. */
  readonly user: User | null
  /** What defines the values of the profile; `null` when none is wanted. */
  readonly definitions: CompiledCatalog | null
}

/** Brings one user to the state that is wanted. What is refused is refused before anything of it is written. */
export async function provisionResolved(
  tx: StoreTransaction,
  { input, tenantId, user, definitions }: Resolved,
  run: CommandRun,
): Promise<ProvisionedUser> {
  const { profile } = input
  const origin =
    profile === undefined || definitions === null
      ? null
      : { definitions, source: profile.source, audience: profile.audience }
  const provisioning = { input, tenantId, origin }
  return user === null
    ? createProvisioned(tx, provisioning, run)
    : await updateProvisioned(tx, { ...provisioning, user }, run)
}
