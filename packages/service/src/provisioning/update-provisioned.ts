import {
  type Account,
  type Id,
  type Membership,
  type StoreTransaction,
  type TenantAccount,
  type User,
  UserEngineError,
} from '@user-engine/store-protocol'
import { renameAccount } from '../accounts/rename-account.ts'
import type { CommandRun } from '../commands/command-run.ts'
import { readAllPages } from '../commands/read-all-pages.ts'
import { requireStatus } from '../commands/require-record.ts'
import { changeValidity, deleteMembership } from '../memberships/write-membership.ts'
import { planValue } from '../profiles/plan-value.ts'
import { writePlannedValue } from '../profiles/write-value.ts'
import { moveTenantAccount } from '../tenant-accounts/write-tenant-account.ts'
import { changeDisplayName } from '../users/change-display-name.ts'
import type { ProvisionedInput, ProvisionedUser } from './provision-input.ts'
import {
  insertMemberships,
  insertTenantMember,
  JOINING,
  nameOfGrant,
  nameOfValue,
  type Provisioning,
  wantedValues,
} from './provisioning.ts'

/** Brings what is there up to date, and writes only what differs. */
export async function updateProvisioned(
  tx: StoreTransaction,
  provisioning: Provisioning & { readonly user: User },
  run: CommandRun,
): Promise<ProvisionedUser> {
  const { input, tenantId, origin, user } = provisioning
  requireStatus('user', user, ['active', 'suspended'])
  const userId = user.id
  const wanted = wantedValues(input, userId, run)
  const [accounts, tenantAccounts, stored] = await Promise.all([
    readAllPages((page) => tx.accounts.listByUser({ userId, page })),
    readAllPages((page) => tx.tenantAccounts.listByUser({ userId, page })),
    Promise.all(wanted.map(({ key }) => tx.profileValues.find(key))),
  ])
  const present = findPresence(input, { accounts, tenantAccounts })
  const memberships = present === null ? [] : await readMemberships(tx, present.tenantAccount.id, input)
  const planned =
    origin === null
      ? []
      : wanted.map((item, index) => planValue(item, { stored: stored[index] ?? null, origin }, run))

  const changed: string[] = []
  changeUser(tx, { user, displayName: input.user.displayName, isGuard: present === null, changed }, run)
  const member =
    present === null
      ? insertTenantMember(tx, { ...provisioning, userId }, run)
      : changeMember(tx, { ...present, name: input.account.name, changed }, run)
  if (present === null) changed.push('account', 'tenant-account')
  const { tenantAccountId } = member
  changed.push(...changeMemberships(tx, { input, tenantId, tenantAccountId, memberships }, run))
  for (const [index, value] of planned.entries()) {
    writePlannedValue(tx, value, run)
    const item = wanted[index]
    if (value.change !== 'none' && item !== undefined) changed.push(nameOfValue(item))
  }
  return { outcome: changed.length === 0 ? 'unchanged' : 'updated', userId, ...member, changed }
}

interface Presence {
  readonly account: Account
  readonly tenantAccount: TenantAccount
}

// Lists are by id, and ids by time: the first usable account of the kind is the one that was there before the others.
function findPresence(
  { account: { kind } }: ProvisionedInput,
  found: { readonly accounts: readonly Account[]; readonly tenantAccounts: readonly TenantAccount[] },
): Presence | null {
  const ofKind = found.accounts.filter((account) => account.kind === kind)
  const account = ofKind.find(({ status }) => status !== 'deactivated') ?? ofKind[0]
  if (account === undefined) return null
  // Deactivation is final, and a new account must not undo it behind somebody's back.
  requireStatus('account', account, ['active', 'suspended'])
  const tenantAccount = found.tenantAccounts.find(({ accountId }) => accountId === account.id)
  // A tenant sees the accounts that have a tenant account in it, and no others [TEN-02].
  if (tenantAccount === undefined) throw new UserEngineError('INTERNAL', { reference: account.id })
  return { account, tenantAccount }
}

interface UserDifference {
  readonly user: User
  readonly displayName: User['displayName']
  /** Whether the user's version must exclude somebody who adds the same account at the same time. */
  readonly isGuard: boolean
  readonly changed: string[]
}

function changeUser(tx: StoreTransaction, difference: UserDifference, run: CommandRun): void {
  const { user, displayName, isGuard, changed } = difference
  const isRenamed = user.displayName !== displayName
  if (!isRenamed && !isGuard) return
  const changedFields = isRenamed ? ['displayName'] : []
  changeDisplayName(tx, { id: user.id, expectedVersion: user.version, displayName, changedFields }, run)
  if (isRenamed) changed.push('user.displayName')
}

function changeMember(
  tx: StoreTransaction,
  difference: Presence & { readonly name: Account['name']; readonly changed: string[] },
  run: CommandRun,
): { readonly accountId: Id; readonly tenantAccountId: Id } {
  const { account, tenantAccount: current, name, changed } = difference
  if (account.name !== name) {
    renameAccount(tx, { id: account.id, expectedVersion: account.version, name }, run)
    changed.push('account.name')
  }
  // A suspension is somebody's decision: whoever provisions does not lift it.
  if (current.status === 'invited' || current.status === 'left') {
    moveTenantAccount(tx, { ...JOINING, current }, run)
    changed.push('tenant-account')
  }
  return { accountId: account.id, tenantAccountId: current.id }
}

interface MembershipDifference {
  readonly input: ProvisionedInput
  readonly tenantId: string
  readonly tenantAccountId: Id
  readonly memberships: readonly Membership[]
}

function changeMemberships(
  tx: StoreTransaction,
  difference: MembershipDifference,
  run: CommandRun,
): string[] {
  const { input, tenantId, tenantAccountId, memberships } = difference
  const existing = new Map(memberships.map((membership) => [nameOfGrant(membership), membership]))
  const wanted = new Set(input.memberships.map(nameOfGrant))
  const grants = input.memberships.filter((grant) => !existing.has(nameOfGrant(grant)))
  insertMemberships(tx, { tenantId, tenantAccountId, grants }, run)
  const changed = grants.map(nameOfGrant)

  for (const [name, membership] of existing) {
    const { validUntil } = membership
    if (wanted.has(name)) {
      // One that has run out is as good as none, but its group and role are taken: it holds again from now on.
      if (validUntil === null || validUntil > run.now) continue
      changeValidity(tx, { current: membership, set: { validFrom: run.now, validUntil: null } }, run)
    } else {
      if (input.replaceMemberships !== true) continue
      deleteMembership(tx, membership, run)
    }
    changed.push(name)
  }
  return changed
}

async function readMemberships(
  tx: StoreTransaction,
  tenantAccountId: Id,
  input: ProvisionedInput,
): Promise<readonly Membership[]> {
  if (input.memberships.length === 0 && input.replaceMemberships !== true) return []
  return await readAllPages((page) => tx.memberships.listByTenantAccount({ tenantAccountId, page }))
}
