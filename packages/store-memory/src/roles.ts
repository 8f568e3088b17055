import type { StoreTransaction } from '@user-engine/store-protocol'
import { createAccounts } from './accounts.ts'
import { createApplicationBindings } from './application-bindings.ts'
import { createApplications } from './applications.ts'
import { createAudit } from './audit.ts'
import { createCatalogs } from './catalogs.ts'
import { createExternalIdentities } from './external-identities.ts'
import { createMemberships } from './memberships.ts'
import { createOutbox } from './outbox.ts'
import { createProfileValues } from './profile-values.ts'
import { countRecords } from './record-counts.ts'
import type { Session } from './session.ts'
import { createTenantAccounts } from './tenant-accounts.ts'
import { createUsers } from './users.ts'

/** What a handle offers: a read's, and a transaction's besides its nesting. */
export type Roles = Omit<StoreTransaction, 'transact'>

export function createRoles(session: Session): Roles {
  return {
    users: createUsers(session),
    accounts: createAccounts(session),
    tenantAccounts: createTenantAccounts(session),
    externalIdentities: createExternalIdentities(session),
    applications: createApplications(session),
    applicationBindings: createApplicationBindings(session),
    catalogs: createCatalogs(session),
    profileValues: createProfileValues(session),
    memberships: createMemberships(session),
    audit: createAudit(session),
    outbox: createOutbox(session),
    countRecords: () => session.answer(() => countRecords(session)),
  }
}
