import { idSchema, type Membership, membershipSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { EMPTY_PERIOD, isPeriod, validityFields } from './validity.ts'
import { insertMembership } from './write-membership.ts'

const { tenantAccountId, group, role } = membershipSchema.shape

export const grantMembershipInputSchema = z
  .strictObject({
    /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
    id: idSchema.optional(),
    tenantAccountId,
    group,
    role,
    ...validityFields,
  })
  .refine(isPeriod, { path: [EMPTY_PERIOD.path], error: EMPTY_PERIOD.expected })

export type GrantMembershipInput = InputOf<typeof grantMembershipInputSchema>

export const grantMembership = defineCommand({
  action: 'membership.grant',
  input: grantMembershipInputSchema,
  target: (input, newId) => ({ type: 'membership', id: input.id ?? newId() }),
  perform(tx, { tenantAccountId, group, role, validFrom = null, validUntil = null }, run): Membership {
    const tenantId = run.requireTenant('membership')
    const fields = { id: run.target.id, tenantId, tenantAccountId, group, role, validFrom, validUntil }
    return insertMembership(tx, fields, run)
  },
})
