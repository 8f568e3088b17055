import type { StoreTransaction, User } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** Inserts an active user, with its audit record and event. */
export function insertUser(
  tx: StoreTransaction,
  fields: Pick<User, 'id' | 'kind' | 'displayName'>,
  run: CommandRun,
): User {
  const user: User = { ...fields, status: 'active', version: 1, createdAt: run.now, updatedAt: run.now }
  void tx.users.insert(user)
  run.record(tx, {
    action: 'user.create',
    target: { type: 'user', id: user.id },
    changedFields: ['kind', 'displayName', 'status'],
    event: 'user-engine.user.created',
    aggregateId: user.id,
    payload: { userId: user.id, status: user.status, version: user.version },
  })
  return user
}
