import { changeReaders, changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import {
  isUserEngineError,
  type Scope,
  type StoreReader,
  UserEngineError,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

const PLATFORM: Scope = { platform: true, reason: 'a broken store looks where it must not' }

/** Knows the tenants that have been worked in, and looks into the others as well. */
function withOtherTenants(
  store: UserEngineStore,
  change: (
    reader: StoreReader,
    inOthers: <Found>(look: (other: StoreReader) => Promise<Found | null>) => Promise<Found | null>,
  ) => Partial<StoreReader>,
): UserEngineStore {
  const tenants = new Set<string>()
  return changeReaders(store, (reader, scope) => {
    const own = 'tenantId' in scope ? scope.tenantId : null
    if (own !== null) tenants.add(own)
    return change(reader, async (look) => {
      if (own === null) return null
      for (const tenantId of tenants) {
        if (tenantId === own) continue
        const found = await store.read({ tenantId }, (other) => look(other))
        if (found !== null) return found
      }
      return null
    })
  })
}

export const BROKEN_TENANTS: readonly BrokenStore[] = [
  broken('TEN-01', 'users-of-everybody', 'finds every user by id from every tenant', (store) =>
    changeReaders(store, (reader, scope) => ({
      users: override(reader.users, {
        get: async (id) =>
          (await reader.users.get(id)) ??
          ('tenantId' in scope ? await store.read(PLATFORM, (all) => all.users.get(id)) : null),
      }),
    })),
  ),
  broken('TEN-01', 'audit-of-everybody', 'finds an audit record by id in other tenants', (store) =>
    withOtherTenants(store, (reader, inOthers) => ({
      audit: override(reader.audit, {
        get: async (id) => (await reader.audit.get(id)) ?? (await inOthers((other) => other.audit.get(id))),
      }),
    })),
  ),
  broken('TEN-01', 'changes-of-everybody', 'changes users that the tenant does not see', (store) =>
    changeTransactions(store, (tx, scope) => ({
      users: override(tx.users, {
        update: (change) =>
          quietly(
            (async () => {
              const isSeen = !('tenantId' in scope) || (await tx.users.get(change.id)) !== null
              if (isSeen) return await tx.users.update(change)
              await store.transact(PLATFORM, (own) => own.users.update(change))
            })(),
          ),
      }),
    })),
  ),
  broken(
    'TEN-01',
    'other-tenants-audit',
    'takes an audit record that names another tenant for its own',
    (store) =>
      changeTransactions(store, (tx, scope) => ({
        audit: override(tx.audit, {
          append: (record) =>
            tx.audit.append('tenantId' in scope ? { ...record, tenantId: scope.tenantId } : record),
        }),
      })),
  ),
  broken(
    'TEN-02',
    'all-accounts',
    'lists the accounts of a user whether they are in the tenant or not',
    (store) =>
      changeReaders(store, (reader, scope) => ({
        accounts: override(reader.accounts, {
          listByUser: (request) =>
            quietly(
              'tenantId' in scope
                ? store.read(PLATFORM, (all) => all.accounts.listByUser(request))
                : reader.accounts.listByUser(request),
            ),
        }),
      })),
  ),
  broken('TEN-03', 'one-binding-for-all', 'lets an application be bound in one tenant only', (store) => {
    const bound = new Map<string, string>()
    return changeTransactions(store, (tx) => ({
      applicationBindings: override(tx.applicationBindings, {
        insert: (binding) => {
          const tenantId = bound.get(binding.applicationId) ?? binding.tenantId
          bound.set(binding.applicationId, tenantId)
          if (tenantId === binding.tenantId) return tx.applicationBindings.insert(binding)
          const key = 'tenantId,applicationId'
          return quietly(
            Promise.reject(new UserEngineError('DUPLICATE_KEY', { entity: 'application-binding', key })),
          )
        },
      }),
    }))
  }),
  broken('TEN-04', 'one-method-forgets', 'forgets the tenant in one method out of all', (store) =>
    withOtherTenants(store, (reader, inOthers) => ({
      memberships: override(reader.memberships, {
        find: async (key) =>
          (await reader.memberships.find(key)) ?? (await inOthers((other) => other.memberships.find(key))),
      }),
    })),
  ),
  broken('TEN-04', 'one-key-forgets', 'finds a tenant account of another tenant by its account', (store) =>
    withOtherTenants(store, (reader, inOthers) => ({
      tenantAccounts: override(reader.tenantAccounts, {
        findByAccount: async (id) =>
          (await reader.tenantAccounts.findByAccount(id)) ??
          (await inOthers((other) => other.tenantAccounts.findByAccount(id))),
      }),
    })),
  ),
  broken('TEN-05', 'malformed-is-platform', 'takes a malformed tenant for the platform', (store) =>
    override(store, {
      read: (scope, work, options) =>
        store.read(scope, work, options).catch((error: unknown) => {
          if (!isUserEngineError(error, 'SCOPE_INVALID')) throw error
          return store.read(PLATFORM, work, options)
        }),
    }),
  ),
  broken('TEN-01', 'counts-everything', 'counts what the platform sees when a tenant asks', (store) =>
    changeReaders(store, (reader, scope) => ({
      countRecords: async () => {
        const own = await reader.countRecords()
        if (!('tenantId' in scope)) return own
        const { user } = await store.read(PLATFORM, (all) => all.countRecords())
        return { ...own, user }
      },
    })),
  ),
]
