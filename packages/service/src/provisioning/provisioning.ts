import type { StoreTransaction, TenantId } from '@user-engine/store-protocol'
import { insertAccount } from '../accounts/insert-account.ts'
import type { CommandRun } from '../commands/command-run.ts'
import { insertMembership } from '../memberships/write-membership.ts'
import type { ValueOrigin, WantedValue } from '../profiles/plan-value.ts'
import { profileScopeOf } from '../profiles/profile-scope.ts'
import { insertTenantAccount } from '../tenant-accounts/write-tenant-account.ts'
import type { ProvisionedInput } from './provision-input.ts'

/** One provisioning: what is wanted, where, and against which definitions. */
export interface Provisioning {
  readonly input: ProvisionedInput
  readonly tenantId: TenantId
  /** `null` when no profile is wanted. */
  readonly origin: ValueOrigin | null
}

/** How provisioning brings an account into the tenant: it is active at once. */
export const JOINING = { verb: 'join', to: 'active', event: 'user-engine.tenant-account.joined' } as const

/** The values that are wanted for one user. */
export function wantedValues(input: ProvisionedInput, userId: string, run: CommandRun): WantedValue[] {
  const { profile } = input
  if (profile === undefined) return []
  return profile.values.map(({ level, attributeKey, value }) => {
    return { key: { userId, scope: profileScopeOf(level, profile.applicationId, run), attributeKey }, value }
  })
}

/** Inserts the account that is wanted and its presence in the tenant. */
export function insertTenantMember(
  tx: StoreTransaction,
  { input, tenantId, userId }: Provisioning & { readonly userId: string },
  run: CommandRun,
): { readonly accountId: string; readonly tenantAccountId: string } {
  const { kind, name } = input.account
  const account = insertAccount(tx, { id: run.newId(), userId, kind, name }, run)
  const fields = { id: run.newId(), tenantId, accountId: account.id, userId }
  const tenantAccount = insertTenantAccount(tx, { ...JOINING, fields }, run)
  return { accountId: account.id, tenantAccountId: tenantAccount.id }
}

/** Inserts memberships without limit of time. */
export function insertMemberships(
  tx: StoreTransaction,
  wanted: {
    readonly tenantId: TenantId
    readonly tenantAccountId: string
    readonly grants: ProvisionedInput['memberships']
  },
  run: CommandRun,
): void {
  const { tenantId, tenantAccountId, grants } = wanted
  for (const { group, role } of grants) {
    const fields = { id: run.newId(), tenantId, tenantAccountId, group, role }
    insertMembership(tx, { ...fields, validFrom: null, validUntil: null }, run)
  }
}

/** How a membership is named in `changed`. */
export function nameOfGrant({ group, role }: { readonly group: string; readonly role: string }): string {
  return `membership:${group}/${role}`
}

/** How a value is named in `changed`. */
export function nameOfValue({ key }: WantedValue): string {
  return `profile-value:${key.scope.level}/${key.attributeKey}`
}
