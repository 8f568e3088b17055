// One record of every kind of the domain vocabulary: for rules that hold for all of them.
import type {
  Application,
  ApplicationBinding,
  AuditRecord,
  Catalog,
  ExternalIdentity,
  Membership,
  OutboxEvent,
  ProfileValue,
  StoreReader,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { type Member, PLATFORM, type RecordMaker } from '../records.ts'

/** One record of every kind: two of the platform, the others of one tenant and its member. */
export interface EveryKind extends Member {
  readonly application: Application
  readonly catalog: Catalog
  readonly identity: ExternalIdentity
  readonly binding: ApplicationBinding
  readonly membership: Membership
  readonly globalValue: ProfileValue
  readonly tenantValue: ProfileValue
  readonly applicationValue: ProfileValue
  readonly audit: AuditRecord
  readonly event: OutboxEvent
}

/** Makes one record of every kind; nothing is written. */
export function makeEveryKind(make: RecordMaker, tenantId: string): EveryKind {
  const application = make.application()
  const catalog = make.catalog(application.id)
  const member = make.member(tenantId)
  const { id: userId } = member.user
  const level = { level: 'application', tenantId, applicationId: application.id } as const
  return {
    ...member,
    application,
    catalog,
    identity: make.identity(userId),
    binding: make.binding(tenantId, catalog),
    membership: make.membership(member.tenantAccount),
    globalValue: make.profileValue(userId, { level: 'global' }, { at: ['global'] }),
    tenantValue: make.profileValue(userId, { level: 'tenant', tenantId }, { at: ['tenant'] }),
    applicationValue: make.profileValue(userId, level, { at: ['application'] }),
    audit: make.audit(tenantId, { outcome: 'failed', reason: 'because' }),
    event: make.event(tenantId, { payload: { list: [1, { a: null }] } }),
  }
}

/** Queues the platform's records among them, in a platform scope. */
export function insertPlatformKinds(tx: StoreTransaction, { application, catalog }: EveryKind): void {
  void tx.applications.insert(application)
  void tx.catalogs.insert(catalog)
}

/** Queues the tenant's records among them, in the tenant's scope. */
export function insertTenantKinds(tx: StoreTransaction, records: EveryKind): void {
  void tx.users.insert(records.user)
  void tx.accounts.insert(records.account)
  void tx.tenantAccounts.insert(records.tenantAccount)
  void tx.externalIdentities.insert(records.identity)
  void tx.applicationBindings.insert(records.binding)
  void tx.memberships.insert(records.membership)
  void tx.profileValues.insert(records.globalValue)
  void tx.profileValues.insert(records.tenantValue)
  void tx.profileValues.insert(records.applicationValue)
  void tx.audit.append(records.audit)
  void tx.outbox.append(records.event)
}

/** Makes and writes one record of every kind. */
export async function addEveryKind(
  store: UserEngineStore,
  make: RecordMaker,
  tenantId: string,
): Promise<EveryKind> {
  const records = makeEveryKind(make, tenantId)
  await store.transact(PLATFORM, (tx) => insertPlatformKinds(tx, records))
  await store.transact({ tenantId }, (tx) => insertTenantKinds(tx, records))
  return records
}

/** Reads the records back, each by its id or key, in the scope of their tenant; what is not there is `null`. */
export async function readEveryKind(
  reader: StoreReader,
  records: EveryKind,
): Promise<{ readonly [Kind in keyof EveryKind]: EveryKind[Kind] | null }> {
  const { items } = await reader.outbox.list({ page: { limit: 500 } })
  return {
    user: await reader.users.get(records.user.id),
    account: await reader.accounts.get(records.account.id),
    tenantAccount: await reader.tenantAccounts.get(records.tenantAccount.id),
    application: await reader.applications.get(records.application.id),
    catalog: await reader.catalogs.get(records.catalog.id),
    identity: await reader.externalIdentities.get(records.identity.id),
    binding: await reader.applicationBindings.get(records.binding.id),
    membership: await reader.memberships.get(records.membership.id),
    globalValue: await reader.profileValues.find(keyOf(records.globalValue)),
    tenantValue: await reader.profileValues.find(keyOf(records.tenantValue)),
    applicationValue: await reader.profileValues.find(keyOf(records.applicationValue)),
    audit: await reader.audit.get(records.audit.id),
    event: items.find(({ event }) => event.id === records.event.id)?.event ?? null,
  }
}

/** What {@link readEveryKind} gives when nothing is there. */
export function nothingOf(records: EveryKind): { readonly [kind: string]: null } {
  return Object.fromEntries(Object.keys(records).map((kind) => [kind, null]))
}

/** The natural key of a profile value. */
export function keyOf({ userId, scope, attributeKey }: ProfileValue) {
  return { userId, scope, attributeKey }
}
