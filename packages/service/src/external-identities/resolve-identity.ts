import { identityKeySchema, type ResolvedIdentity } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'

export const resolveIdentityInputSchema = z.strictObject(identityKeySchema.shape)

export type ResolveIdentityInput = InputOf<typeof resolveIdentityInputSchema>

export const resolveIdentity = defineQuery({
  action: 'external-identity.resolve',
  input: resolveIdentityInputSchema,
  // The subject is personal and must not reach an audit record [DIA-02].
  target: () => ({ type: 'external-identity', id: '*' }),
  perform: (reader, key): Promise<ResolvedIdentity | null> => reader.externalIdentities.resolve(key),
})
