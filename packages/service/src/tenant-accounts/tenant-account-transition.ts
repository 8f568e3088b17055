import type { TenantAccount, TenantAccountStatus } from '@user-engine/store-protocol'
import { type Command, defineCommand } from '../commands/command.ts'
import { type VersionedInput, versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'
import { moveTenantAccount, type TenantAccountStep } from './write-tenant-account.ts'

/** One step of an account's presence in a tenant: invited → active ⇄ suspended, and from any of them → left. */
export interface TenantAccountTransition extends TenantAccountStep {
  readonly from: readonly TenantAccountStatus[]
}

/** Declares the command that takes a tenant account through one transition. */
export function defineTenantAccountTransition(
  transition: TenantAccountTransition,
): Command<VersionedInput, TenantAccount> {
  return defineCommand({
    action: `tenant-account.${transition.verb}`,
    input: versionedInputSchema,
    target: ({ id }) => ({ type: 'tenant-account', id }),
    async perform(tx, input, run): Promise<TenantAccount> {
      const { from, ...step } = transition
      const current = requireVersion('tenant-account', await tx.tenantAccounts.get(input.id), input)
      requireStatus('tenant-account', current, from)
      return moveTenantAccount(tx, { ...step, current }, run)
    },
  })
}
