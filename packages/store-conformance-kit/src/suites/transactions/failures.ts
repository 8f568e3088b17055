// Writes that fail, each in a way of its own: for rules about what a failed write does to its transaction.
import type { ErrorCode, Scope, StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'

export interface FailingWrite {
  readonly name: string
  readonly code: ErrorCode
  readonly scope: Scope
  write(tx: StoreTransaction): Promise<unknown>
}

/** Writes what the failures need, and lists them. */
export async function setUpFailures(
  store: UserEngineStore,
  make: RecordMaker,
): Promise<readonly FailingWrite[]> {
  const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
  const published = make.catalog(null, { status: 'published' })
  await store.transact(PLATFORM, (tx) => tx.catalogs.insert(published))
  const membership = make.membership(tenantAccount)
  const identity = make.identity(user.id)
  await store.transact(ACME, (tx) => {
    void tx.memberships.insert(membership)
    void tx.externalIdentities.insert(identity)
  })
  const { issuer, subject } = identity
  return [
    {
      name: 'an update of an unknown record',
      code: 'NOT_FOUND',
      scope: PLATFORM,
      write: (tx) => tx.users.update(make.update(make.id(), 1, {})),
    },
    {
      name: 'a record without what it refers to',
      code: 'NOT_FOUND',
      scope: ACME,
      write: (tx) => tx.accounts.insert(make.account(make.id())),
    },
    {
      name: 'an update with another version',
      code: 'VERSION_CONFLICT',
      scope: ACME,
      write: (tx) => tx.users.update(make.update(user.id, 9, {})),
    },
    {
      name: 'an id that is taken',
      code: 'DUPLICATE_KEY',
      scope: PLATFORM,
      write: (tx) => tx.users.insert(user),
    },
    {
      name: 'a key that is taken',
      code: 'DUPLICATE_KEY',
      scope: ACME,
      write: (tx) => tx.memberships.insert({ ...membership, id: make.id() }),
    },
    {
      name: 'an identity that is taken',
      code: 'DUPLICATE_IDENTITY',
      scope: ACME,
      write: (tx) => tx.externalIdentities.insert(make.identity(user.id, { issuer, subject })),
    },
    {
      name: 'a change of a published catalog',
      code: 'INVALID_STATE',
      scope: PLATFORM,
      write: (tx) => tx.catalogs.update(make.update(published.id, 1, { attributes: [] })),
    },
    {
      name: 'a malformed record',
      code: 'VALIDATION',
      scope: PLATFORM,
      write: (tx) => tx.users.insert(make.user({ id: 'no id' })),
    },
    {
      name: 'a record of another tenant',
      code: 'TENANT_BOUNDARY',
      scope: ACME,
      write: (tx) => tx.audit.append(make.audit(OTHER.tenantId)),
    },
    {
      name: 'a record that is not written in this kind of scope',
      code: 'SCOPE_NOT_ALLOWED',
      scope: ACME,
      write: (tx) => tx.applications.insert(make.application()),
    },
  ]
}
