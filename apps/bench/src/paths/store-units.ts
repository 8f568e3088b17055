import type { UserEngineStore } from '@user-engine/store-protocol'
import { encodeCursor } from '@user-engine/store-protocol'
import { auditRecordOf, eventOf } from '../data/records.ts'
import { PROVENANCE } from '../data/seed.ts'
import {
  APPLICATION_ID,
  ISSUER,
  newId,
  SEEDED,
  seededId,
  subjectOf,
  tenantOf,
  type WorldSize,
} from '../data/world.ts'
import { nameChange, type Pick, profileChange, provisionedAbout } from '../suites/changes.ts'
import type { OperationName } from '../suites/operations.ts'

/** The operations as units of work of the store. */
export function storeUnits(
  store: UserEngineStore,
  size: WorldSize,
): { readonly [Name in OperationName]: (pick: Pick) => Promise<unknown> } {
  const scopeOf = ({ n }: Pick) => ({ tenantId: tenantOf(n, size) })
  return {
    updateUser(pick) {
      const scope = scopeOf(pick)
      const { id, displayName, about, now } = nameChange(pick, scope.tenantId)
      const record = auditRecordOf(about)
      return store.transact(scope, (tx) => {
        void tx.users.update({ id, expectedVersion: pick.version, set: { displayName }, updatedAt: now })
        void tx.audit.append(record)
        void tx.outbox.append(eventOf(about, record.correlationId))
      })
    },
    setProfileValue(pick) {
      const scope = scopeOf(pick)
      const { id, value, about, now } = profileChange(pick, scope.tenantId)
      const record = auditRecordOf(about)
      return store.transact(scope, (tx) => {
        const set = { value, provenance: PROVENANCE }
        void tx.profileValues.update({
          id,
          level: 'application',
          expectedVersion: pick.version,
          set,
          updatedAt: now,
        })
        void tx.audit.append(record)
        void tx.outbox.append(eventOf(about, record.correlationId))
      })
    },
    provisionUser(pick) {
      const scope = scopeOf(pick)
      const ids = {
        userId: newId(),
        accountId: newId(),
        identityId: newId(),
        tenantAccountId: newId(),
      }
      const now = new Date().toISOString()
      const stamps = { version: 1, createdAt: now, updatedAt: now }
      const { userId, accountId } = ids
      return store.transact(scope, (tx) => {
        const named = { displayName: 'New user', status: 'active' } as const
        void tx.users.insert({ id: userId, kind: 'person', ...named, ...stamps })
        const account = { kind: 'human', name: 'main', status: 'active' } as const
        void tx.accounts.insert({ id: accountId, userId, ...account, ...stamps })
        const present = { id: ids.tenantAccountId, tenantId: scope.tenantId, accountId, userId }
        void tx.tenantAccounts.insert({ ...present, status: 'active', ...stamps })
        const subject = `new-subject-${newId()}`
        void tx.externalIdentities.insert({ id: ids.identityId, userId, issuer: ISSUER, subject, ...stamps })
        for (const about of provisionedAbout(ids, scope.tenantId, now)) {
          const record = auditRecordOf(about)
          void tx.audit.append(record)
          void tx.outbox.append(eventOf(about, record.correlationId))
        }
      })
    },
    resolveIdentity: (pick) =>
      store.read(scopeOf(pick), (reader) =>
        reader.externalIdentities.resolve({ issuer: ISSUER, subject: subjectOf(pick.n) }),
      ),
    getUser: (pick) => store.read(scopeOf(pick), (reader) => reader.users.get(seededId(SEEDED.user, pick.n))),
    listPage: (pick) =>
      store.read(scopeOf(pick), (reader) => reader.users.list({ limit: 50, cursor: cursorAfter(pick) })),
    effectiveProfile: (pick) =>
      store.read(scopeOf(pick), (reader) => {
        const userId = seededId(SEEDED.user, pick.n)
        const applicationId = APPLICATION_ID
        return Promise.all([
          reader.applicationBindings.findByApplication(applicationId),
          reader.users.get(userId),
          reader.profileValues.listByUser({ userId, applicationId }),
        ])
      }),
  }
}

/** The page after the picked user. */
export function cursorAfter({ n }: Pick): string {
  return encodeCursor('users', [seededId(SEEDED.user, n)])
}
