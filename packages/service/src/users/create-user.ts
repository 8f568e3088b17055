import { idSchema, type User, userSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { insertUser } from './insert-user.ts'

const { kind, displayName } = userSchema.shape

export const createUserInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  kind,
  /** Default `null`. */
  displayName: displayName.optional(),
})

export type CreateUserInput = InputOf<typeof createUserInputSchema>

export const createUser = defineCommand({
  action: 'user.create',
  input: createUserInputSchema,
  target: (input, newId) => ({ type: 'user', id: input.id ?? newId() }),
  perform: (tx, { kind, displayName = null }, run): User =>
    insertUser(tx, { id: run.target.id, kind, displayName }, run),
})
