// One way to meet every error that a store can be brought to from outside, with exactly what it must say.
import type { ErrorCode, StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'

export interface ProvokedError {
  readonly code: ErrorCode
  /** Prepares what the call needs; says what the error must carry, and how to meet it. */
  provoke(
    store: UserEngineStore,
    make: RecordMaker,
  ): Promise<{ readonly data: unknown; call(): Promise<unknown> }>
}

/** A failure inside of a transaction of a tenant. */
function inTenant(
  code: ErrorCode,
  prepare: (
    make: RecordMaker,
    store: UserEngineStore,
  ) => Promise<{ readonly data: unknown; work(tx: StoreTransaction): Promise<unknown> }>,
): ProvokedError {
  return {
    code,
    async provoke(store, make) {
      const { data, work } = await prepare(make, store)
      return { data, call: () => store.transact(ACME, work) }
    },
  }
}

const INPUT_ERRORS: readonly ProvokedError[] = [
  inTenant('SCOPE_NOT_ALLOWED', async (make) => {
    const data = { entity: 'application', allowed: 'platform' }
    return { data, work: (tx) => tx.applications.insert(make.application()) }
  }),
  {
    code: 'SCOPE_NOT_ALLOWED',
    async provoke(store, make) {
      const call = () => store.read(PLATFORM, (reader) => reader.memberships.get(make.id()))
      return { data: { entity: 'membership', allowed: 'tenant' }, call }
    },
  },
  inTenant('TENANT_BOUNDARY', async (make) => {
    return { data: { entity: 'audit-record' }, work: (tx) => tx.audit.append(make.audit(OTHER.tenantId)) }
  }),
]

const RECORD_ERRORS: readonly ProvokedError[] = [
  inTenant('NOT_FOUND', async (make) => {
    const id = make.id()
    return { data: { entity: 'user', id }, work: (tx) => tx.users.update(make.update(id, 1, {})) }
  }),
  inTenant('VERSION_CONFLICT', async (make, store) => {
    const { account } = await make.addMember(store, ACME.tenantId)
    const data = { entity: 'account', id: account.id, expectedVersion: 3, currentVersion: 1 }
    return { data, work: (tx) => tx.accounts.update(make.update(account.id, 3, {})) }
  }),
  inTenant('DUPLICATE_IDENTITY', async (make, store) => {
    const { user } = await make.addMember(store, ACME.tenantId)
    const identity = make.identity(user.id)
    await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
    const again = { ...make.identity(user.id), subject: identity.subject }
    return { data: {}, work: (tx) => tx.externalIdentities.insert(again) }
  }),
  inTenant('DUPLICATE_KEY', async (make, store) => {
    const { tenantAccount } = await make.addMember(store, ACME.tenantId)
    const membership = make.membership(tenantAccount)
    await store.transact(ACME, (tx) => tx.memberships.insert(membership))
    const data = { entity: 'membership', key: 'tenantAccountId,group,role' }
    return { data, work: (tx) => tx.memberships.insert({ ...membership, id: make.id() }) }
  }),
  {
    code: 'INVALID_STATE',
    async provoke(store, make) {
      const catalog = make.catalog(null, { status: 'published' })
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      const change = make.update(catalog.id, 1, { attributes: [] })
      return {
        data: { entity: 'catalog', id: catalog.id, state: 'published', allowed: ['draft'] },
        call: () => store.transact(PLATFORM, (tx) => tx.catalogs.update(change)),
      }
    },
  },
]

const TRANSACTION_ERRORS: readonly ProvokedError[] = [
  {
    code: 'IDEMPOTENCY_MISMATCH',
    async provoke(store) {
      const run = (fingerprint: string) =>
        store.transact(ACME, () => 1, { idempotency: { key: 'provoked', fingerprint } })
      await run('first')
      return { data: {}, call: () => run('second') }
    },
  },
  inTenant('TRANSACTION_ABORTED', async (make) => {
    const misnamed = make.audit(OTHER.tenantId)
    const work = async (tx: StoreTransaction) => {
      await tx.audit.append(misnamed).catch(() => {})
    }
    return { data: { causeCode: 'TENANT_BOUNDARY' }, work }
  }),
  inTenant('TRANSACTION_BUSY', async () => {
    return { data: {}, work: (tx) => tx.transact(() => tx.users.list()) }
  }),
  {
    code: 'TRANSACTION_ENDED',
    async provoke(store) {
      const { ended } = await store.read(ACME, (reader) => ({ ended: reader }))
      return { data: {}, call: () => ended.users.list() }
    },
  },
  {
    code: 'DEADLINE_EXCEEDED',
    async provoke(store) {
      const call = () => store.transact(ACME, () => new Promise(() => {}), { timeoutMs: 60 })
      return { data: { timeoutMs: 60 }, call }
    },
  },
  {
    code: 'STALE_LEASE',
    async provoke(store, make) {
      const eventIds = [make.id()]
      const { token } = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 1_000 })
      return { data: { token, eventIds }, call: () => store.outbox.ack({ token, eventIds }) }
    },
  },
]

/** The errors of [SHP-05]. Those without a fixed `data` are met by cases of their own. */
export const PROVOKED_ERRORS: readonly ProvokedError[] = [
  ...INPUT_ERRORS,
  ...RECORD_ERRORS,
  ...TRANSACTION_ERRORS,
]
