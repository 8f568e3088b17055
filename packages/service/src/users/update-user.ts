import { type User, userSchema } from '@user-engine/store-protocol'
import { defineBlindCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { changeDisplayName } from './change-display-name.ts'

export const updateUserInputSchema = versionedInputSchema.extend({
  displayName: userSchema.shape.displayName,
})

export type UpdateUserInput = InputOf<typeof updateUserInputSchema>

export const updateUser = defineBlindCommand({
  action: 'user.update',
  input: updateUserInputSchema,
  target: ({ id }) => ({ type: 'user', id }),
  perform(tx, input, run): Promise<User | null> {
    changeDisplayName(tx, { ...input, changedFields: ['displayName'] }, run)
    return tx.users.get(input.id)
  },
})
