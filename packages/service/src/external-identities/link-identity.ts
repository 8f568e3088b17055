import { type ExternalIdentity, identityKeySchema, idSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { insertIdentity } from './insert-identity.ts'

export const linkIdentityInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  userId: idSchema,
  ...identityKeySchema.shape,
})

export type LinkIdentityInput = InputOf<typeof linkIdentityInputSchema>

export const linkIdentity = defineCommand({
  action: 'external-identity.link',
  input: linkIdentityInputSchema,
  target: (input, newId) => ({ type: 'external-identity', id: input.id ?? newId() }),
  perform: (tx, { userId, issuer, subject }, run): ExternalIdentity =>
    insertIdentity(tx, { id: run.target.id, userId, issuer, subject }, run),
})
