import type { StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'
import { insertIdentity } from '../external-identities/insert-identity.ts'
import { planValue } from '../profiles/plan-value.ts'
import { writePlannedValue } from '../profiles/write-value.ts'
import { insertUser } from '../users/insert-user.ts'
import type { ProvisionedUser } from './provision-input.ts'
import {
  insertMemberships,
  insertTenantMember,
  nameOfGrant,
  nameOfValue,
  type Provisioning,
  wantedValues,
} from './provisioning.ts'

/** Creates everything for an identity that nobody in the tenant has; the commit is the only round trip. */
export function createProvisioned(
  tx: StoreTransaction,
  provisioning: Provisioning,
  run: CommandRun,
): ProvisionedUser {
  const { input, tenantId, origin } = provisioning
  const userId = run.newId()
  const wanted = wantedValues(input, userId, run)
  // Refusals come before the first write, so that a refused value costs the store nothing.
  const planned = origin === null ? [] : wanted.map((item) => planValue(item, { stored: null, origin }, run))

  insertUser(tx, { id: userId, ...input.user }, run)
  const member = insertTenantMember(tx, { ...provisioning, userId }, run)
  insertIdentity(tx, { id: run.newId(), userId, ...input.identity }, run)
  insertMemberships(tx, { tenantId, tenantAccountId: member.tenantAccountId, grants: input.memberships }, run)
  for (const value of planned) writePlannedValue(tx, value, run)

  return {
    outcome: 'created',
    userId,
    ...member,
    changed: [
      'user',
      'account',
      'external-identity',
      'tenant-account',
      ...input.memberships.map(nameOfGrant),
      ...wanted.map(nameOfValue),
    ],
  }
}
