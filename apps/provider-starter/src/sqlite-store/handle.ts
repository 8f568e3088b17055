import type { StoreReader, StoreTransaction } from '@user-engine/store-protocol'
import { accountReader, accountWriter } from './accounts.ts'
import { applicationBindingReader, applicationBindingWriter } from './application-bindings.ts'
import { applicationReader, applicationWriter } from './applications.ts'
import { auditAppender, auditReader } from './audit.ts'
import type { Calls } from './calls.ts'
import { catalogReader, catalogWriter } from './catalogs.ts'
import { externalIdentityReader, externalIdentityWriter } from './external-identities.ts'
import { membershipReader, membershipWriter } from './memberships.ts'
import { outboxAppender, outboxReader } from './outbox.ts'
import { profileValueReader, profileValueWriter } from './profile-values.ts'
import { countRecords } from './record-counts.ts'
import { type Sync, toRole } from './sync-role.ts'
import { tenantAccountReader, tenantAccountWriter } from './tenant-accounts.ts'
import type { Unit } from './unit.ts'
import { userReader, userWriter } from './users.ts'

/** The roles of a read. */
export function createReader(unit: Unit, calls: Calls): StoreReader {
  const role = <Role extends object>(sync: Sync<Role>) => toRole<Role>(sync, (work) => calls.call(work))
  return {
    users: role(userReader(unit)),
    accounts: role(accountReader(unit)),
    tenantAccounts: role(tenantAccountReader(unit)),
    externalIdentities: role(externalIdentityReader(unit)),
    applications: role(applicationReader(unit)),
    applicationBindings: role(applicationBindingReader(unit)),
    catalogs: role(catalogReader(unit)),
    profileValues: role(profileValueReader(unit)),
    memberships: role(membershipReader(unit)),
    audit: role(auditReader(unit)),
    outbox: role(outboxReader(unit)),
    countRecords: () => calls.call(() => countRecords(unit)),
  }
}

/** The roles of a transaction: a reader that can write as well. */
export function createTransaction(
  unit: Unit,
  calls: Calls,
  transact: StoreTransaction['transact'],
): StoreTransaction {
  const reader = createReader(unit, calls)
  const role = <Role extends object>(sync: Sync<Role>) => toRole<Role>(sync, (work) => calls.call(work))
  return {
    users: { ...reader.users, ...role(userWriter(unit)) },
    accounts: { ...reader.accounts, ...role(accountWriter(unit)) },
    tenantAccounts: { ...reader.tenantAccounts, ...role(tenantAccountWriter(unit)) },
    externalIdentities: { ...reader.externalIdentities, ...role(externalIdentityWriter(unit)) },
    applications: { ...reader.applications, ...role(applicationWriter(unit)) },
    applicationBindings: { ...reader.applicationBindings, ...role(applicationBindingWriter(unit)) },
    catalogs: { ...reader.catalogs, ...role(catalogWriter(unit)) },
    profileValues: { ...reader.profileValues, ...role(profileValueWriter(unit)) },
    memberships: { ...reader.memberships, ...role(membershipWriter(unit)) },
    audit: { ...reader.audit, ...role(auditAppender(unit)) },
    outbox: { ...reader.outbox, ...role(outboxAppender(unit)) },
    countRecords: reader.countRecords,
    transact,
  }
}
