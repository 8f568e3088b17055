// Every method of the protocol with every argument that can name a record, tried from another tenant. The type of the
// matrix is derived from the protocol: a role or a method that is added there without an entry here does not compile.
import type {
  Application,
  ApplicationBinding,
  AuditRecord,
  Catalog,
  ErrorCode,
  ExternalIdentity,
  Membership,
  OutboxEvent,
  ProfileValue,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import type { Check } from '../check.ts'
import { type Member, OTHER, PLATFORM, type RecordMaker } from '../records.ts'

/** One record of every kind in a tenant that the attacker is not in. */
export interface Victim extends Member {
  readonly identity: ExternalIdentity
  readonly application: Application
  readonly catalog: Catalog
  readonly binding: ApplicationBinding
  readonly membership: Membership
  readonly globalValue: ProfileValue
  readonly tenantValue: ProfileValue
  readonly applicationValue: ProfileValue
  readonly audit: AuditRecord
  readonly event: OutboxEvent
  /** Nothing of the victim has changed. */
  assertUntouched(check: Check): Promise<void>
}

/** Adds one record of every kind to the other tenant. */
export async function addVictim(store: UserEngineStore, make: RecordMaker): Promise<Victim> {
  const { tenantId } = OTHER
  const application = make.application()
  const catalog = make.catalog(application.id)
  await store.transact(PLATFORM, async (tx) => {
    await tx.applications.insert(application)
    await tx.catalogs.insert(catalog)
  })
  const records = await store.transact(OTHER, async (tx) => {
    const member = make.insertMember(tx, tenantId)
    const { id: userId } = member.user
    const applicationScope = { level: 'application', tenantId, applicationId: application.id } as const
    const written = {
      ...member,
      identity: make.identity(userId),
      binding: make.binding(tenantId, catalog),
      membership: make.membership(member.tenantAccount),
      globalValue: make.profileValue(userId, { level: 'global' }, 'global'),
      tenantValue: make.profileValue(userId, { level: 'tenant', tenantId }, 'tenant'),
      applicationValue: make.profileValue(userId, applicationScope, 'application'),
      audit: make.audit(tenantId, { outcome: 'failed', reason: 'because' }),
      event: make.event(tenantId),
    }
    await tx.externalIdentities.insert(written.identity)
    await tx.applicationBindings.insert(written.binding)
    await tx.memberships.insert(written.membership)
    for (const value of [written.globalValue, written.tenantValue, written.applicationValue])
      await tx.profileValues.insert(value)
    await tx.audit.append(written.audit)
    await tx.outbox.append(written.event)
    return written
  })
  const everything = () =>
    store.read(OTHER, async (reader) => ({
      user: await reader.users.get(records.user.id),
      account: await reader.accounts.get(records.account.id),
      tenantAccount: await reader.tenantAccounts.get(records.tenantAccount.id),
      identity: await reader.externalIdentities.get(records.identity.id),
      binding: await reader.applicationBindings.get(records.binding.id),
      membership: await reader.memberships.get(records.membership.id),
      globalValue: await reader.profileValues.find(records.globalValue),
      tenantValue: await reader.profileValues.find(records.tenantValue),
      applicationValue: await reader.profileValues.find(records.applicationValue),
      audit: await reader.audit.get(records.audit.id),
    }))
  return {
    ...{ ...records, application, catalog },
    async assertUntouched(check) {
      const { event, ...expected } = records
      check.equal(await everything(), expected, 'the records of the attacked tenant')
      const { items } = await store.read(OTHER, (reader) => reader.outbox.list())
      check.equal(
        items.map((entry) => entry.event),
        [event],
        'the events of the attacked tenant',
      )
    },
  }
}

interface Attack {
  /** What the attacker gets: a miss, an empty page, or a refusal. */
  readonly expected: 'null' | 'empty' | ErrorCode
  attempt(tx: StoreTransaction, victim: Victim, make: RecordMaker): Promise<unknown>
}

type Methods<Role> = { readonly [Method in keyof Role]: readonly Attack[] }

type TenantMatrix = {
  readonly [Role in keyof Omit<StoreTransaction, 'transact' | 'countRecords'>]: Methods<
    StoreTransaction[Role]
  >
}

const miss = (attempt: Attack['attempt']): Attack => ({ expected: 'null', attempt })
const empty = (attempt: Attack['attempt']): Attack => ({ expected: 'empty', attempt })
const notFound = (attempt: Attack['attempt']): Attack => ({ expected: 'NOT_FOUND', attempt })

const update = (id: string, make: RecordMaker) => ({
  id,
  expectedVersion: 1,
  set: {},
  updatedAt: make.instant(),
})
const removal = (id: string) => ({ id, expectedVersion: 1 })

/** What is readable in every scope, and thus no attack. */
const OPEN_TO_ALL: readonly Attack[] = []

export const TENANT_MATRIX: TenantMatrix = {
  users: {
    get: [miss((tx, { user }) => tx.users.get(user.id))],
    list: [empty((tx) => tx.users.list())],
    insert: [{ expected: 'DUPLICATE_KEY', attempt: (tx, { user }) => tx.users.insert(user) }],
    update: [notFound((tx, { user }, make) => tx.users.update(update(user.id, make)))],
  },
  accounts: {
    get: [miss((tx, { account }) => tx.accounts.get(account.id))],
    listByUser: [empty((tx, { user }) => tx.accounts.listByUser({ userId: user.id }))],
    insert: [notFound((tx, { user }, make) => tx.accounts.insert(make.account(user.id)))],
    update: [notFound((tx, { account }, make) => tx.accounts.update(update(account.id, make)))],
  },
  tenantAccounts: {
    get: [miss((tx, { tenantAccount }) => tx.tenantAccounts.get(tenantAccount.id))],
    findByAccount: [miss((tx, { account }) => tx.tenantAccounts.findByAccount(account.id))],
    list: [empty((tx) => tx.tenantAccounts.list())],
    listByUser: [empty((tx, { user }) => tx.tenantAccounts.listByUser({ userId: user.id }))],
    insert: [
      notFound((tx, { account }, make) => tx.tenantAccounts.insert(make.tenantAccount('acme', account))),
      {
        expected: 'TENANT_BOUNDARY',
        attempt: (tx, { account }, make) =>
          tx.tenantAccounts.insert(make.tenantAccount(OTHER.tenantId, account)),
      },
    ],
    update: [
      notFound((tx, { tenantAccount }, make) => tx.tenantAccounts.update(update(tenantAccount.id, make))),
    ],
  },
  externalIdentities: {
    get: [miss((tx, { identity }) => tx.externalIdentities.get(identity.id))],
    resolve: [
      miss((tx, { identity: { issuer, subject } }) => tx.externalIdentities.resolve({ issuer, subject })),
    ],
    listByUser: [empty((tx, { user }) => tx.externalIdentities.listByUser({ userId: user.id }))],
    insert: [notFound((tx, { user }, make) => tx.externalIdentities.insert(make.identity(user.id)))],
    delete: [notFound((tx, { identity }) => tx.externalIdentities.delete(removal(identity.id)))],
  },
  applications: {
    get: OPEN_TO_ALL,
    findByKey: OPEN_TO_ALL,
    list: OPEN_TO_ALL,
    insert: [
      { expected: 'SCOPE_NOT_ALLOWED', attempt: (tx, _, make) => tx.applications.insert(make.application()) },
    ],
    update: [
      {
        expected: 'SCOPE_NOT_ALLOWED',
        attempt: (tx, { application }, make) => tx.applications.update(update(application.id, make)),
      },
    ],
  },
  applicationBindings: {
    get: [miss((tx, { binding }) => tx.applicationBindings.get(binding.id))],
    findBoundCatalog: [
      miss((tx, { application }) => tx.applicationBindings.findBoundCatalog(application.id)),
    ],
    list: [empty((tx) => tx.applicationBindings.list())],
    insert: [
      { expected: 'TENANT_BOUNDARY', attempt: (tx, { binding }) => tx.applicationBindings.insert(binding) },
    ],
    update: [notFound((tx, { binding }, make) => tx.applicationBindings.update(update(binding.id, make)))],
  },
  catalogs: {
    get: OPEN_TO_ALL,
    findVersion: OPEN_TO_ALL,
    listVersions: OPEN_TO_ALL,
    list: OPEN_TO_ALL,
    insert: [
      { expected: 'SCOPE_NOT_ALLOWED', attempt: (tx, _, make) => tx.catalogs.insert(make.catalog(null)) },
    ],
    update: [
      {
        expected: 'SCOPE_NOT_ALLOWED',
        attempt: (tx, { catalog }, make) => tx.catalogs.update(update(catalog.id, make)),
      },
    ],
  },
  profileValues: {
    find: [
      miss((tx, { globalValue }) => tx.profileValues.find(keyOf(globalValue))),
      miss((tx, { tenantValue }) => tx.profileValues.find(keyOf(tenantValue))),
      miss((tx, { applicationValue }) => tx.profileValues.find(keyOf(applicationValue))),
    ],
    listByUser: [
      empty((tx, { user }) => tx.profileValues.listByUser({ userId: user.id })),
      empty((tx, { user, application }) =>
        tx.profileValues.listByUser({ userId: user.id, applicationId: application.id }),
      ),
    ],
    insert: [
      notFound((tx, { user }, make) =>
        tx.profileValues.insert(make.profileValue(user.id, { level: 'global' }, 1)),
      ),
      notFound((tx, { user }, make) =>
        tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', tenantId: 'acme' }, 1)),
      ),
      { expected: 'TENANT_BOUNDARY', attempt: (tx, { tenantValue }) => tx.profileValues.insert(tenantValue) },
    ],
    update: [
      notFound((tx, { globalValue }, make) => tx.profileValues.update(changeOf(globalValue, make))),
      notFound((tx, { tenantValue }, make) => tx.profileValues.update(changeOf(tenantValue, make))),
      notFound((tx, { applicationValue }, make) => tx.profileValues.update(changeOf(applicationValue, make))),
    ],
    delete: [
      notFound((tx, { globalValue: { id } }) => tx.profileValues.delete({ ...removal(id), level: 'global' })),
      notFound((tx, { tenantValue: { id } }) => tx.profileValues.delete({ ...removal(id), level: 'tenant' })),
      notFound((tx, { applicationValue: { id } }) =>
        tx.profileValues.delete({ ...removal(id), level: 'application' }),
      ),
    ],
  },
  memberships: {
    get: [miss((tx, { membership }) => tx.memberships.get(membership.id))],
    find: [
      miss((tx, { membership: { tenantAccountId, group, role } }) =>
        tx.memberships.find({ tenantAccountId, group, role }),
      ),
    ],
    listByTenantAccount: [
      empty((tx, { tenantAccount: { id } }) => tx.memberships.listByTenantAccount({ tenantAccountId: id })),
    ],
    listByGroup: [empty((tx, { membership: { group } }) => tx.memberships.listByGroup({ group }))],
    insert: [
      notFound((tx, { tenantAccount }, make) =>
        tx.memberships.insert(make.membership({ ...tenantAccount, tenantId: 'acme' })),
      ),
      { expected: 'TENANT_BOUNDARY', attempt: (tx, { membership }) => tx.memberships.insert(membership) },
    ],
    update: [notFound((tx, { membership }, make) => tx.memberships.update(update(membership.id, make)))],
    delete: [notFound((tx, { membership }) => tx.memberships.delete(removal(membership.id)))],
  },
  audit: {
    get: [miss((tx, { audit }) => tx.audit.get(audit.id))],
    list: [
      empty((tx) => tx.audit.list()),
      empty((tx, { audit: { actor, target, action, outcome, occurredAt } }) =>
        tx.audit.list({
          filter: { actor, target, action, outcome, from: occurredAt },
          order: 'newest-first',
        }),
      ),
    ],
    append: [{ expected: 'TENANT_BOUNDARY', attempt: (tx, { audit }) => tx.audit.append(audit) }],
  },
  outbox: {
    list: [empty((tx) => tx.outbox.list()), empty((tx) => tx.outbox.list({ state: 'pending' }))],
    append: [{ expected: 'TENANT_BOUNDARY', attempt: (tx, { event }) => tx.outbox.append(event) }],
  },
}

function keyOf({ userId, scope, attributeKey }: ProfileValue) {
  return { userId, scope, attributeKey }
}

function changeOf({ id, scope, provenance }: ProfileValue, make: RecordMaker) {
  const set = { value: 'stolen', provenance }
  return { id, expectedVersion: 1, set, updatedAt: make.instant(), level: scope.level }
}
