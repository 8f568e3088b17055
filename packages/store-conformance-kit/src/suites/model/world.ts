// What random transactions are about: few records with keys that collide, so that most of what can go wrong does.
import type {
  Account,
  AuditRecord,
  ExternalIdentity,
  Membership,
  OutboxEvent,
  ProfileValue,
  TenantAccount,
  User,
} from '@user-engine/store-protocol'
import type { RecordMaker } from '../../records.ts'

/** How many records of each kind there are. */
export const SLOTS = 4

/** The records of one sequence; slot by slot they belong together, and some keys are in two slots. */
export interface World {
  /** Two tenants whose ids differ in case only. */
  readonly tenants: readonly [string, string]
  readonly users: readonly User[]
  readonly accounts: readonly Account[]
  /** By tenant, then slot. */
  readonly tenantAccounts: readonly (readonly TenantAccount[])[]
  readonly identities: readonly ExternalIdentity[]
  readonly memberships: readonly (readonly Membership[])[]
  readonly values: readonly (readonly ProfileValue[])[]
  readonly audits: readonly (readonly AuditRecord[])[]
  readonly events: readonly (readonly OutboxEvent[])[]
}

let worlds = 0

/** Makes the records of a sequence; no two sequences share any. */
export function makeWorld(make: RecordMaker): World {
  worlds += 1
  const tenants = [`model-${worlds}a`, `model-${worlds}A`] as const
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot)
  const half = (slot: number) => slot % 2
  const users = slots.map(() => make.user())
  const userOf = (slot: number) => users[half(slot)] ?? make.user()
  const accounts = slots.map((slot) => make.account(userOf(slot).id))
  const tenantAccounts = tenants.map((tenantId) =>
    accounts.map((account, slot) =>
      make.tenantAccount(tenantId, slot === 3 ? (accounts[0] ?? account) : account),
    ),
  )
  const subjects = [make.id(), make.id()]
  return {
    tenants,
    users,
    accounts,
    tenantAccounts,
    identities: slots.map((slot) => make.identity(userOf(slot).id, { subject: subjects[half(slot)] ?? '' })),
    memberships: tenantAccounts.map((presences) =>
      presences.map((presence, slot) =>
        make.membership(slot < 2 ? (presences[0] ?? presence) : presence, { role: `role-${half(slot)}` }),
      ),
    ),
    values: tenants.map((tenantId) =>
      slots.map((slot) => {
        const scope = slot < 2 ? ({ level: 'global' } as const) : ({ level: 'tenant', tenantId } as const)
        return make.profileValue(userOf(slot).id, scope, { slot }, { attributeKey: 'nickname' })
      }),
    ),
    audits: tenants.map((tenantId) => slots.map(() => make.audit(tenantId))),
    events: tenants.map((tenantId) =>
      slots.map((slot) => make.event(tenantId, { aggregateId: `of-${half(slot)}` })),
    ),
  }
}
