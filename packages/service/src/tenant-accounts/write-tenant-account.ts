import type { StoreTransaction, TenantAccount, TenantAccountStatus } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** What happens to a tenant account, in the words of its audit record and its event. */
export interface TenantAccountStep {
  readonly verb: 'invite' | 'join' | 'suspend' | 'reactivate' | 'leave'
  readonly to: TenantAccountStatus
  readonly event:
    | 'user-engine.tenant-account.invited'
    | 'user-engine.tenant-account.joined'
    | 'user-engine.tenant-account.suspended'
    | 'user-engine.tenant-account.reactivated'
    | 'user-engine.tenant-account.left'
}

/** Inserts a tenant account, with its audit record and event. */
export function insertTenantAccount(
  tx: StoreTransaction,
  insertion: TenantAccountStep & {
    readonly fields: Pick<TenantAccount, 'id' | 'tenantId' | 'accountId' | 'userId'>
  },
  run: CommandRun,
): TenantAccount {
  const tenantAccount: TenantAccount = {
    ...insertion.fields,
    status: insertion.to,
    version: 1,
    createdAt: run.now,
    updatedAt: run.now,
  }
  void tx.tenantAccounts.insert(tenantAccount)
  recordStep(tx, { ...insertion, tenantAccount, changedFields: ['accountId', 'status'] }, run)
  return tenantAccount
}

/** Takes a tenant account one step on, with its audit record and event. */
export function moveTenantAccount(
  tx: StoreTransaction,
  move: TenantAccountStep & { readonly current: TenantAccount },
  run: CommandRun,
): TenantAccount {
  const { current, to } = move
  const { id, version: expectedVersion } = current
  const tenantAccount: TenantAccount = {
    ...current,
    status: to,
    version: expectedVersion + 1,
    updatedAt: run.now,
  }
  void tx.tenantAccounts.update({ id, expectedVersion, set: { status: to }, updatedAt: run.now })
  recordStep(tx, { ...move, tenantAccount, changedFields: ['status'] }, run)
  return tenantAccount
}

interface RecordedStep extends TenantAccountStep {
  readonly tenantAccount: TenantAccount
  readonly changedFields: readonly string[]
}

function recordStep(tx: StoreTransaction, step: RecordedStep, run: CommandRun): void {
  const { id, tenantId, accountId, userId, status, version } = step.tenantAccount
  run.record(tx, {
    action: `tenant-account.${step.verb}`,
    target: { type: 'tenant-account', id },
    changedFields: step.changedFields,
    event: step.event,
    aggregateId: id,
    payload: { tenantAccountId: id, accountId, userId, status, version },
    // A platform scope brings accounts into tenants: what happened there belongs to the tenant's own log.
    tenantId,
  })
}
