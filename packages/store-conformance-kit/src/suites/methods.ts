// Every method of the protocol's handles with every argument that can name a record. The types of the tables are
// derived from the protocol: a role or a method that is added there without an entry here does not compile [TEN-04].
import type { ErrorCode, ProfileValue, StoreReader, StoreTransaction } from '@user-engine/store-protocol'
import { ACME, OTHER, type RecordMaker } from '../records.ts'
import { type EveryKind, keyOf } from './every-kind.ts'

/** What a caller gets: nothing under that name, an empty page, a refusal, or an answer. */
export type Outcome = 'miss' | 'empty' | 'answer' | ErrorCode

/** One way to call a method with records of a tenant. */
export interface Attempt<Handle> {
  /** From the scope of another tenant; `answer` for what every scope may read. */
  readonly inOtherTenant: Outcome
  /** From a platform scope; `answer` for what it may do, whatever comes of it. */
  readonly onPlatform: Outcome
  call(handle: Handle, records: EveryKind, make: RecordMaker): Promise<unknown>
}

type Role = Exclude<keyof StoreReader, 'countRecords'>
type WritingRole = Exclude<keyof StoreTransaction, 'countRecords' | 'transact'>

/** Every reading method, by role. */
export type Reads = {
  readonly [Name in Role]: {
    readonly [Method in keyof StoreReader[Name]]: readonly Attempt<StoreReader>[]
  }
}

/** Every writing method, by role. */
export type Writes = {
  readonly [Name in WritingRole]: {
    readonly [Method in Exclude<
      keyof StoreTransaction[Name],
      Name extends Role ? keyof StoreReader[Name] : never
    >]: readonly Attempt<StoreTransaction>[]
  }
}

type Call<Handle> = Attempt<Handle>['call']
type ReadCall = Call<StoreReader>
type WriteCall = Call<StoreTransaction>

const NOT_ALLOWED = 'SCOPE_NOT_ALLOWED'

// Of the users the scope sees: another tenant's are not among them, the platform's view has all.
const missOf = (call: ReadCall) => ({ inOtherTenant: 'miss', onPlatform: 'answer', call }) as const
const emptyOf = (call: ReadCall) => ({ inOtherTenant: 'empty', onPlatform: 'answer', call }) as const
// Of a tenant alone.
const tenantMiss = (call: ReadCall) => ({ inOtherTenant: 'miss', onPlatform: NOT_ALLOWED, call }) as const
const tenantEmpty = (call: ReadCall) => ({ inOtherTenant: 'empty', onPlatform: NOT_ALLOWED, call }) as const
// Of the platform, readable everywhere.
const openToAll = (call: ReadCall) => ({ inOtherTenant: 'answer', onPlatform: 'answer', call }) as const

export const READS: Reads = {
  users: {
    get: [missOf((reader, { user }) => reader.users.get(user.id))],
    list: [emptyOf((reader) => reader.users.list())],
  },
  accounts: {
    get: [missOf((reader, { account }) => reader.accounts.get(account.id))],
    listByUser: [emptyOf((reader, { user }) => reader.accounts.listByUser({ userId: user.id }))],
  },
  tenantAccounts: {
    get: [tenantMiss((reader, { tenantAccount }) => reader.tenantAccounts.get(tenantAccount.id))],
    findByAccount: [tenantMiss((reader, { account }) => reader.tenantAccounts.findByAccount(account.id))],
    list: [tenantEmpty((reader) => reader.tenantAccounts.list())],
    listByUser: [emptyOf((reader, { user }) => reader.tenantAccounts.listByUser({ userId: user.id }))],
  },
  externalIdentities: {
    get: [missOf((reader, { identity }) => reader.externalIdentities.get(identity.id))],
    resolve: [
      missOf((reader, { identity: { issuer, subject } }) =>
        reader.externalIdentities.resolve({ issuer, subject }),
      ),
    ],
    listByUser: [emptyOf((reader, { user }) => reader.externalIdentities.listByUser({ userId: user.id }))],
  },
  applications: {
    get: [openToAll((reader, { application }) => reader.applications.get(application.id))],
    findByKey: [openToAll((reader, { application }) => reader.applications.findByKey(application.key))],
    list: [openToAll((reader) => reader.applications.list())],
  },
  applicationBindings: {
    get: [tenantMiss((reader, { binding }) => reader.applicationBindings.get(binding.id))],
    findByApplication: [
      tenantMiss((reader, { application }) => reader.applicationBindings.findByApplication(application.id)),
    ],
    list: [tenantEmpty((reader) => reader.applicationBindings.list())],
  },
  catalogs: {
    get: [openToAll((reader, { catalog }) => reader.catalogs.get(catalog.id))],
    findVersion: [
      openToAll((reader, { catalog: { applicationId, key, catalogVersion } }) =>
        reader.catalogs.findVersion({ applicationId, key, catalogVersion }),
      ),
    ],
    listVersions: [
      openToAll((reader, { catalog: { applicationId, key } }) =>
        reader.catalogs.listVersions({ applicationId, key }),
      ),
    ],
    list: [openToAll((reader) => reader.catalogs.list())],
  },
  profileValues: {
    find: [
      missOf((reader, { globalValue }) => reader.profileValues.find(keyOf(globalValue))),
      {
        inOtherTenant: 'miss',
        onPlatform: 'miss',
        call: (reader, { tenantValue }) => reader.profileValues.find(keyOf(tenantValue)),
      },
      {
        inOtherTenant: 'miss',
        onPlatform: 'miss',
        call: (reader, { applicationValue }) => reader.profileValues.find(keyOf(applicationValue)),
      },
    ],
    listByUser: [
      emptyOf((reader, { user }) => reader.profileValues.listByUser({ userId: user.id })),
      emptyOf((reader, { user, application }) =>
        reader.profileValues.listByUser({ userId: user.id, applicationId: application.id }),
      ),
    ],
  },
  memberships: {
    get: [tenantMiss((reader, { membership }) => reader.memberships.get(membership.id))],
    find: [
      tenantMiss((reader, { membership: { tenantAccountId, group, role } }) =>
        reader.memberships.find({ tenantAccountId, group, role }),
      ),
    ],
    listByTenantAccount: [
      tenantEmpty((reader, { tenantAccount: { id } }) =>
        reader.memberships.listByTenantAccount({ tenantAccountId: id }),
      ),
    ],
    listByGroup: [
      tenantEmpty((reader, { membership: { group } }) => reader.memberships.listByGroup({ group })),
    ],
  },
  audit: {
    get: [
      {
        inOtherTenant: 'miss',
        onPlatform: 'miss',
        call: (reader, { audit }) => reader.audit.get(audit.id),
      },
    ],
    list: [
      { inOtherTenant: 'empty', onPlatform: 'empty', call: (reader) => reader.audit.list() },
      {
        inOtherTenant: 'empty',
        onPlatform: 'empty',
        call: (reader, { audit: { actor, target, action, outcome, occurredAt } }) =>
          reader.audit.list({
            filter: { actor, target, action, outcome, from: occurredAt },
            order: 'newest-first',
          }),
      },
    ],
  },
  outbox: {
    list: [
      { inOtherTenant: 'empty', onPlatform: 'empty', call: (reader) => reader.outbox.list() },
      {
        inOtherTenant: 'empty',
        onPlatform: 'empty',
        call: (reader) => reader.outbox.list({ state: 'pending' }),
      },
    ],
  },
}

const { tenantId: own } = ACME

const refusal = (inOtherTenant: ErrorCode, onPlatform: Outcome, call: WriteCall) =>
  ({ inOtherTenant, onPlatform, call }) as const
// A change of what the scope does not see.
const unseen = (call: WriteCall) => refusal('NOT_FOUND', 'answer', call)
const unseenInTenant = (call: WriteCall) => refusal('NOT_FOUND', NOT_ALLOWED, call)
// A record that names the tenant it is of, written from another.
const misnamed = (call: WriteCall) => refusal('TENANT_BOUNDARY', NOT_ALLOWED, call)
const platformOnly = (call: WriteCall) => refusal(NOT_ALLOWED, 'answer', call)

const removal = (id: string) => ({ id, expectedVersion: 1 })

export const WRITES: Writes = {
  users: {
    insert: [refusal('DUPLICATE_KEY', 'answer', (tx, { user }) => tx.users.insert(user))],
    update: [unseen((tx, { user }, make) => tx.users.update(make.update(user.id, 1, {})))],
  },
  accounts: {
    insert: [unseen((tx, { user }, make) => tx.accounts.insert(make.account(user.id)))],
    update: [unseen((tx, { account }, make) => tx.accounts.update(make.update(account.id, 1, {})))],
  },
  tenantAccounts: {
    insert: [
      unseen((tx, { account }, make) => tx.tenantAccounts.insert(make.tenantAccount(own, account))),
      refusal('TENANT_BOUNDARY', 'answer', (tx, { account }, make) =>
        tx.tenantAccounts.insert(make.tenantAccount(OTHER.tenantId, account)),
      ),
    ],
    update: [
      unseenInTenant((tx, { tenantAccount }, make) =>
        tx.tenantAccounts.update(make.update(tenantAccount.id, 1, {})),
      ),
    ],
  },
  externalIdentities: {
    insert: [unseen((tx, { user }, make) => tx.externalIdentities.insert(make.identity(user.id)))],
    delete: [unseen((tx, { identity }) => tx.externalIdentities.delete(removal(identity.id)))],
  },
  applications: {
    insert: [platformOnly((tx, _, make) => tx.applications.insert(make.application()))],
    update: [
      platformOnly((tx, { application }, make) => tx.applications.update(make.update(application.id, 1, {}))),
    ],
  },
  applicationBindings: {
    insert: [misnamed((tx, { binding }) => tx.applicationBindings.insert(binding))],
    update: [
      unseenInTenant((tx, { binding }, make) =>
        tx.applicationBindings.update(make.update(binding.id, 1, {})),
      ),
    ],
  },
  catalogs: {
    insert: [platformOnly((tx, _, make) => tx.catalogs.insert(make.catalog(null)))],
    update: [platformOnly((tx, { catalog }, make) => tx.catalogs.update(make.update(catalog.id, 1, {})))],
  },
  profileValues: {
    insert: [
      unseen((tx, { user }, make) =>
        tx.profileValues.insert(make.profileValue(user.id, { level: 'global' }, 1)),
      ),
      unseenInTenant((tx, { user }, make) =>
        tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', tenantId: own }, 1)),
      ),
      misnamed((tx, { tenantValue }) => tx.profileValues.insert(tenantValue)),
      misnamed((tx, { applicationValue }) => tx.profileValues.insert(applicationValue)),
    ],
    update: [
      unseen((tx, { globalValue }, make) => tx.profileValues.update(changeOf(globalValue, make))),
      unseenInTenant((tx, { tenantValue }, make) => tx.profileValues.update(changeOf(tenantValue, make))),
      unseenInTenant((tx, { applicationValue }, make) =>
        tx.profileValues.update(changeOf(applicationValue, make)),
      ),
    ],
    delete: [
      unseen((tx, { globalValue: { id } }) => tx.profileValues.delete({ ...removal(id), level: 'global' })),
      unseenInTenant((tx, { tenantValue: { id } }) =>
        tx.profileValues.delete({ ...removal(id), level: 'tenant' }),
      ),
      unseenInTenant((tx, { applicationValue: { id } }) =>
        tx.profileValues.delete({ ...removal(id), level: 'application' }),
      ),
    ],
  },
  memberships: {
    insert: [
      unseenInTenant((tx, { tenantAccount }, make) =>
        tx.memberships.insert(make.membership({ ...tenantAccount, tenantId: own })),
      ),
      misnamed((tx, { membership }) => tx.memberships.insert(membership)),
    ],
    update: [
      unseenInTenant((tx, { membership }, make) => tx.memberships.update(make.update(membership.id, 1, {}))),
    ],
    delete: [unseenInTenant((tx, { membership }) => tx.memberships.delete(removal(membership.id)))],
  },
  audit: {
    append: [refusal('TENANT_BOUNDARY', 'answer', (tx, { audit }) => tx.audit.append(audit))],
  },
  outbox: {
    append: [refusal('TENANT_BOUNDARY', 'answer', (tx, { event }) => tx.outbox.append(event))],
  },
}

/** A method with one way to call it. */
export interface NamedAttempt<Handle> extends Attempt<Handle> {
  /** As `role.method`. */
  readonly name: string
}

/** The tables as lists. */
export const READ_ATTEMPTS: readonly NamedAttempt<StoreReader>[] = listAttempts(READS)
export const WRITE_ATTEMPTS: readonly NamedAttempt<StoreTransaction>[] = listAttempts(WRITES)

function listAttempts<Handle>(table: {
  readonly [role: string]: { readonly [method: string]: readonly Attempt<Handle>[] }
}): readonly NamedAttempt<Handle>[] {
  return Object.entries(table).flatMap(([role, methods]) =>
    Object.entries(methods).flatMap(([method, attempts]) =>
      attempts.map((attempt) => ({ ...attempt, name: `${role}.${method}` })),
    ),
  )
}

function changeOf({ id, scope, provenance }: ProfileValue, make: RecordMaker) {
  return { ...make.update(id, 1, { value: 'stolen', provenance }), level: scope.level }
}
