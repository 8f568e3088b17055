import { type Membership, UserEngineError } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { omitUndefined } from '../commands/omit-undefined.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireVersion } from '../commands/require-record.ts'
import { EMPTY_PERIOD, isPeriod, validityFields } from './validity.ts'
import { changeValidity } from './write-membership.ts'

export const updateMembershipInputSchema = versionedInputSchema
  .extend(validityFields)
  .refine(({ validFrom, validUntil }) => validFrom !== undefined || validUntil !== undefined, {
    error: 'validFrom, validUntil or both',
  })

export type UpdateMembershipInput = InputOf<typeof updateMembershipInputSchema>

export const updateMembership = defineCommand({
  action: 'membership.update',
  input: updateMembershipInputSchema,
  target: ({ id }) => ({ type: 'membership', id }),
  async perform(tx, input, run): Promise<Membership> {
    const { id, validFrom, validUntil } = input
    const current = requireVersion('membership', await tx.memberships.get(id), input)
    const set = omitUndefined({ validFrom, validUntil })
    if (!isPeriod({ ...current, ...set })) throw new UserEngineError('VALIDATION', { issues: [EMPTY_PERIOD] })
    return changeValidity(tx, { current, set }, run)
  },
})
