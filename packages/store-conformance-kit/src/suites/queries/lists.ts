import type { Page, StoreReader } from '@user-engine/store-protocol'
import type { ListUnderTest } from './listed-item.ts'
import { LOG_LISTS } from './log-lists.ts'
import { PLATFORM_LISTS } from './platform-lists.ts'
import { TENANT_LISTS } from './tenant-lists.ts'

/** The names of the methods that return pages, as `role.method`. */
type ListMethods<Roles> = {
  [Role in keyof Roles & string]: {
    [Method in keyof Roles[Role] & string]: Roles[Role][Method] extends (
      ...args: never[]
    ) => Promise<Page<unknown>>
      ? `${Role}.${Method}`
      : never
  }[keyof Roles[Role] & string]
}[keyof Roles & string]

// Keyed by the protocol: a list that is added there without an entry here does not compile.
const LISTS_BY_METHOD: { readonly [Name in ListMethods<StoreReader>]: readonly ListUnderTest[] } = {
  'users.list': [PLATFORM_LISTS.users, TENANT_LISTS.users],
  'accounts.listByUser': [PLATFORM_LISTS.accounts, TENANT_LISTS.accounts],
  'tenantAccounts.list': [TENANT_LISTS.tenantAccounts],
  'tenantAccounts.listByUser': [PLATFORM_LISTS.tenantsOfUser, TENANT_LISTS.tenantAccountsOfUser],
  'externalIdentities.listByUser': [PLATFORM_LISTS.identities, TENANT_LISTS.identities],
  'applications.list': [PLATFORM_LISTS.applications],
  'applicationBindings.list': [TENANT_LISTS.bindings],
  'catalogs.listVersions': [PLATFORM_LISTS.catalogVersions, PLATFORM_LISTS.catalogVersionsOfPlatform],
  'catalogs.list': [PLATFORM_LISTS.catalogs],
  'profileValues.listByUser': [
    PLATFORM_LISTS.globalValues,
    TENANT_LISTS.profileValues,
    TENANT_LISTS.profileValuesOfApplication,
  ],
  'memberships.listByTenantAccount': [TENANT_LISTS.membershipsOfAccount],
  'memberships.listByGroup': [TENANT_LISTS.membershipsOfGroup],
  'audit.list': [LOG_LISTS.audit, LOG_LISTS.newestAudit, LOG_LISTS.filteredAudit, LOG_LISTS.platformAudit],
  'outbox.list': [LOG_LISTS.outbox, LOG_LISTS.pendingOutbox, LOG_LISTS.platformOutbox],
}

/** The lists that [QRY-01] and [QRY-02] are about. Dead letters have a case of their own. */
export const LISTS: readonly ListUnderTest[] = Object.values(LISTS_BY_METHOD).flat()
