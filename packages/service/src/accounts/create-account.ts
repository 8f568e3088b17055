import { type Account, accountSchema, idSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { requireFound, requireStatus } from '../commands/require-record.ts'
import { insertAccount } from './insert-account.ts'

const { userId, kind, name } = accountSchema.shape

export const createAccountInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  userId,
  kind,
  /** Default `null`. */
  name: name.optional(),
})

export type CreateAccountInput = InputOf<typeof createAccountInputSchema>

export const createAccount = defineCommand({
  action: 'account.create',
  input: createAccountInputSchema,
  target: (input, newId) => ({ type: 'account', id: input.id ?? newId() }),
  async perform(tx, { userId, kind, name = null }, run): Promise<Account> {
    const user = requireFound('user', await tx.users.get(userId), userId)
    requireStatus('user', user, ['active', 'suspended'])
    return insertAccount(tx, { id: run.target.id, userId, kind, name }, run)
  },
})
