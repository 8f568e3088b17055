import type { User, UserStatus } from '@user-engine/store-protocol'
import { type Command, defineCommand } from '../commands/command.ts'
import { type VersionedInput, versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'

/** One step of a user's life: active and suspended lead to each other and to deactivated, which is final. */
export interface UserTransition {
  readonly verb: 'suspend' | 'reactivate' | 'deactivate'
  readonly from: readonly UserStatus[]
  readonly to: UserStatus
  readonly event:
    | 'user-engine.user.suspended'
    | 'user-engine.user.reactivated'
    | 'user-engine.user.deactivated'
}

/** Declares the command that takes a user through one transition. */
export function defineUserTransition({
  verb,
  from,
  to,
  event,
}: UserTransition): Command<VersionedInput, User> {
  return defineCommand({
    action: `user.${verb}`,
    input: versionedInputSchema,
    target: ({ id }) => ({ type: 'user', id }),
    async perform(tx, input, run): Promise<User> {
      const { id, expectedVersion } = input
      const user = requireVersion('user', await tx.users.get(id), input)
      requireStatus('user', user, from)
      const changed: User = { ...user, status: to, version: user.version + 1, updatedAt: run.now }
      void tx.users.update({ id, expectedVersion, set: { status: to }, updatedAt: run.now })
      run.record(tx, {
        target: run.target,
        changedFields: ['status'],
        event,
        aggregateId: id,
        payload: { userId: id, status: to, version: changed.version },
      })
      return changed
    },
  })
}
