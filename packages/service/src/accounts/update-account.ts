import { type Account, accountSchema } from '@user-engine/store-protocol'
import { defineBlindCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { renameAccount } from './rename-account.ts'

export const updateAccountInputSchema = versionedInputSchema.extend({ name: accountSchema.shape.name })

export type UpdateAccountInput = InputOf<typeof updateAccountInputSchema>

export const updateAccount = defineBlindCommand({
  action: 'account.update',
  input: updateAccountInputSchema,
  target: ({ id }) => ({ type: 'account', id }),
  perform(tx, input, run): Promise<Account | null> {
    renameAccount(tx, input, run)
    return tx.accounts.get(input.id)
  },
})
