import { AUDIENCES, type Id, idSchema, type Key } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { readAllPages } from '../commands/read-all-pages.ts'
import { requireFound } from '../commands/require-record.ts'
import { readBoundCatalog } from './definition-source.ts'
import { type EffectiveAttributes, resolveEffective } from './resolve-effective.ts'

export const effectiveProfileInputSchema = z.strictObject({
  userId: idSchema,
  applicationId: idSchema,
  /** As whom the caller looks: only attributes that list this audience among their viewers are returned. */
  audience: z.enum(AUDIENCES),
})

export type EffectiveProfileInput = InputOf<typeof effectiveProfileInputSchema>

/** What an application may know about a user, for one audience. */
export interface EffectiveProfile extends EffectiveAttributes {
  readonly userId: Id
  readonly applicationId: Id
  /** The catalog version that the tenant has bound the application to. */
  readonly catalog: { readonly id: Id; readonly key: Key; readonly catalogVersion: number }
}

export const effectiveProfile = defineQuery({
  action: 'profile-value.effective',
  input: effectiveProfileInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  audience: ({ audience }) => audience,
  async perform(reader, { userId, applicationId, audience }, run): Promise<EffectiveProfile> {
    const [definitions, user, values] = await Promise.all([
      readBoundCatalog(reader, applicationId, run),
      reader.users.get(userId),
      readAllPages((page) => reader.profileValues.listByUser({ userId, applicationId, page })),
    ])
    requireFound('user', user, userId)
    const { attributes, missing } = resolveEffective(definitions.viewedBy(audience), values)
    return { userId, applicationId, catalog: { ...definitions.catalog }, attributes, missing }
  },
})
