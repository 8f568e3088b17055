import {
  idSchema,
  type TenantAccount,
  type TenantId,
  tenantIdSchema,
  UserEngineError,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { CommandRun } from '../commands/command-run.ts'
import type { InputOf } from '../commands/input-of.ts'
import { requireFound, requireStatus } from '../commands/require-record.ts'
import { insertTenantAccount, moveTenantAccount } from './write-tenant-account.ts'

export const inviteAccountInputSchema = z.strictObject({
  /** Default: a new id. An account that is invited again keeps its tenant account. */
  id: idSchema.optional(),
  accountId: idSchema,
  /** The tenant to bring the account into: required in a platform scope; in a tenant scope it can only be that tenant. */
  tenantId: tenantIdSchema.optional(),
})

export type InviteAccountInput = InputOf<typeof inviteAccountInputSchema>

const INVITATION = { verb: 'invite', to: 'invited', event: 'user-engine.tenant-account.invited' } as const

export const inviteAccount = defineCommand({
  action: 'tenant-account.invite',
  input: inviteAccountInputSchema,
  target: (input, newId) => ({ type: 'tenant-account', id: input.id ?? newId() }),
  async perform(tx, { accountId, tenantId: named }, run): Promise<TenantAccount> {
    const tenantId = readTenant(named, run)
    // A platform scope cannot see whether the account is there already; the store's uniqueness says so [IDN-03].
    const [found, current] = await Promise.all([
      tx.accounts.get(accountId),
      run.tenantId === null ? null : tx.tenantAccounts.findByAccount(accountId),
    ])
    const account = requireFound('account', found, accountId)
    requireStatus('account', account, ['active', 'suspended'])
    if (current !== null) {
      requireStatus('tenant-account', current, ['left'])
      return moveTenantAccount(tx, { ...INVITATION, current }, run)
    }
    const fields = { id: run.target.id, tenantId, accountId, userId: account.userId }
    return insertTenantAccount(tx, { ...INVITATION, fields }, run)
  },
})

function readTenant(named: TenantId | undefined, run: CommandRun): TenantId {
  if (run.tenantId !== null && named !== undefined && named !== run.tenantId) {
    throw new UserEngineError('TENANT_BOUNDARY', { entity: 'tenant-account' })
  }
  const tenantId = run.tenantId ?? named
  if (tenantId === undefined) {
    throw new UserEngineError('VALIDATION', {
      issues: [{ path: 'tenantId', expected: 'the tenant to invite into, in a platform scope' }],
    })
  }
  return tenantId
}
