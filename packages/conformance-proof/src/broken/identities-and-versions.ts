import { changeReaders, changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import {
  type ExternalIdentity,
  isUserEngineError,
  type StoreTransaction,
  UserEngineError,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

type IdentityKey = Pick<ExternalIdentity, 'issuer' | 'subject'>

/** A store that keeps and resolves another form of an identity's key. */
function changeKeys(store: UserEngineStore, change: (text: string) => string): UserEngineStore {
  const changed = <Key extends IdentityKey>(key: Key): Key => ({
    ...key,
    issuer: change(key.issuer),
    subject: change(key.subject),
  })
  const writing = changeTransactions(store, (tx) => ({
    externalIdentities: override(tx.externalIdentities, {
      insert: (identity) => tx.externalIdentities.insert(changed(identity)),
    }),
  }))
  return override(writing, {
    read: (scope, work, options) =>
      store.read(
        scope,
        (reader) =>
          work(
            override(reader, {
              externalIdentities: override(reader.externalIdentities, {
                resolve: (key) => reader.externalIdentities.resolve(changed(key)),
              }),
            }),
          ),
        options,
      ),
  })
}

/** Does it in a nested transaction and takes a duplicate for done. */
function unlessThere(
  tx: StoreTransaction,
  insert: (nested: StoreTransaction) => Promise<void>,
): Promise<void> {
  return quietly(
    tx.transact(insert).catch((error: unknown) => {
      if (!isUserEngineError(error, 'DUPLICATE_KEY')) throw error
    }),
  )
}

type UserUpdate = Parameters<StoreTransaction['users']['update']>[0]

/** A store whose updates of users are what `change` does. */
function changeUserUpdates(
  store: UserEngineStore,
  change: (tx: StoreTransaction, update: UserUpdate) => Promise<void>,
): UserEngineStore {
  return changeTransactions(store, (tx) => ({
    users: override(tx.users, { update: (update) => quietly(change(tx, update)) }),
  }))
}

export const BROKEN_IDENTITIES: readonly BrokenStore[] = [
  broken('IDN-01', 'last-link-wins', 'takes an identity away from the user who had it', (store) =>
    changeTransactions(store, (tx) => ({
      externalIdentities: override(tx.externalIdentities, {
        insert: (identity) =>
          quietly(
            (async () => {
              const found = await tx.externalIdentities.resolve(identity)
              if (found !== null) {
                const { id, version } = found.identity
                await tx.externalIdentities.delete({ id, expectedVersion: version })
              }
              await tx.externalIdentities.insert(identity)
            })(),
          ),
      }),
    })),
  ),
  broken('IDN-02', 'names-the-owner', 'names the owner in the refusal of a duplicate identity', (store) =>
    changeTransactions(store, (tx) => ({
      externalIdentities: override(tx.externalIdentities, {
        insert: (identity) =>
          quietly(
            (async () => {
              const owner = await store.read({ platform: true, reason: 'look' }, (reader) =>
                reader.externalIdentities.resolve(identity),
              )
              if (owner === null) return await tx.externalIdentities.insert(identity)
              await tx.externalIdentities.insert(identity).catch((error: unknown) => {
                throw override(
                  error as object,
                  { toJSON: () => ({ code: 'DUPLICATE_IDENTITY', owner }) } as object,
                )
              })
            })(),
          ),
      }),
    })),
  ),
  broken('IDN-03', 'memberships-twice', 'takes a membership for granted that is there already', (store) =>
    changeTransactions(store, (tx) => ({
      memberships: override(tx.memberships, {
        insert: (membership) => unlessThere(tx, (nested) => nested.memberships.insert(membership)),
      }),
    })),
  ),
  broken('IDN-03', 'values-twice', 'takes a second value of an attribute for set', (store) =>
    changeTransactions(store, (tx) => ({
      profileValues: override(tx.profileValues, {
        insert: (value) => unlessThere(tx, (nested) => nested.profileValues.insert(value)),
      }),
    })),
  ),
  broken('IDN-04', 'ignores-case', 'holds identities for equal that differ in case', (store) =>
    changeKeys(store, (text) => text.toLowerCase()),
  ),
  broken('IDN-04', 'normalises', 'holds identities for equal that differ in normal form', (store) =>
    changeKeys(store, (text) => text.normalize('NFC')),
  ),
  broken('IDN-04', 'trims', 'holds identities for equal that differ in trailing spaces', (store) =>
    changeKeys(store, (text) => text.trimEnd() || text),
  ),
  broken('VER-01', 'counts-twice', 'raises the version of a user by two for one change', (store) =>
    changeUserUpdates(store, async (tx, update) => {
      await tx.users.update(update)
      await tx.users.update({ ...update, expectedVersion: update.expectedVersion + 1 })
    }),
  ),
  broken('VER-02', 'ignores-versions', 'changes a user whatever version was expected', (store) =>
    changeUserUpdates(store, async (tx, update) => {
      const found = await tx.users.get(update.id)
      await tx.users.update({ ...update, expectedVersion: found?.version ?? update.expectedVersion })
    }),
  ),
  broken(
    'VER-02',
    'conflict-is-not-found',
    'says that a user is not there when its version is another',
    (store) =>
      changeUserUpdates(store, async (tx, update) => {
        await tx.users.update(update).catch((error: unknown) => {
          if (!isUserEngineError(error, 'VERSION_CONFLICT')) throw error
          throw new UserEngineError('NOT_FOUND', { entity: 'user', id: update.id })
        })
      }),
  ),
  broken('VER-02', 'conflict-without-version', 'does not say which version a user has', (store) =>
    changeUserUpdates(store, async (tx, update) => {
      await tx.users.update(update).catch((error: unknown) => {
        if (!isUserEngineError(error, 'VERSION_CONFLICT')) throw error
        throw new UserEngineError('VERSION_CONFLICT', { ...error.data, currentVersion: 0 })
      })
    }),
  ),
  broken('VER-03', 'every-writer-wins', 'repeats work that lost against another until it wins', (store) =>
    override(store, {
      transact: (scope, work, options) =>
        store.transact(scope, work, options).catch((error: unknown) => {
          if (!isUserEngineError(error, 'VERSION_CONFLICT')) throw error
          const winning = changeUserUpdates(store, async (tx, update) => {
            const found = await tx.users.get(update.id)
            await tx.users.update({ ...update, expectedVersion: found?.version ?? update.expectedVersion })
          })
          return winning.transact(scope, work, options)
        }),
    }),
  ),
  broken('VER-02', 'deletes-any-version', 'deletes a membership whatever version was expected', (store) =>
    changeTransactions(store, (tx) => ({
      memberships: override(tx.memberships, {
        delete: (removal) =>
          quietly(
            (async () => {
              const found = await tx.memberships.get(removal.id)
              await tx.memberships.delete({
                ...removal,
                expectedVersion: found?.version ?? removal.expectedVersion,
              })
            })(),
          ),
      }),
    })),
  ),
  broken('VER-01', 'updates-keep-their-time', 'leaves out when a user was changed', (store) =>
    changeReaders(store, (reader) => ({
      users: override(reader.users, {
        get: async (id) => {
          const found = await reader.users.get(id)
          return found === null ? null : { ...found, updatedAt: found.createdAt }
        },
      }),
    })),
  ),
]
