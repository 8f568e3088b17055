import {
  accountSchema,
  type Id,
  identityKeySchema,
  membershipSchema,
  userSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import type { InputOf } from '../commands/input-of.ts'
import { definitionSourceFields, namesOneSource } from '../profiles/definition-source.ts'
import { APPLICATION_NEEDED, namesApplicationOf } from '../profiles/profile-scope.ts'
import {
  EACH_ONCE,
  MAX_VALUES,
  namesEachOnce,
  ONE_SOURCE,
  valueItemFields,
  valueOriginFields,
} from '../profiles/set-values.ts'

const MAX_MEMBERSHIPS = 500

const { level, attributeKey, value } = valueItemFields

const grantSchema = z.strictObject({
  group: membershipSchema.shape.group,
  role: membershipSchema.shape.role,
})

const profileSchema = z
  .strictObject({
    ...definitionSourceFields,
    ...valueOriginFields,
    values: z
      .array(z.strictObject({ level, attributeKey, value }))
      .max(MAX_VALUES)
      .refine(namesEachOnce, EACH_ONCE),
  })
  .refine(namesOneSource, ONE_SOURCE)
  .refine(
    ({ values, applicationId }) =>
      namesApplicationOf(
        values.map((item) => item.level),
        applicationId,
      ),
    APPLICATION_NEEDED,
  )

export const provisionUserInputSchema = z.strictObject({
  /** The kind counts when the user is created; a kind never changes. */
  user: userSchema.pick({ kind: true, displayName: true }),
  /** Which account of the user is meant: the first of this kind in the tenant. */
  account: accountSchema.pick({ kind: true, name: true }),
  identity: z.strictObject(identityKeySchema.shape),
  memberships: z
    .array(grantSchema)
    .max(MAX_MEMBERSHIPS)
    .refine((grants) => new Set(grants.map(({ group, role }) => `${group}/${role}`)).size === grants.length, {
      error: 'each group and role once',
    }),
  /** Whether memberships that are not listed are revoked; default false. */
  replaceMemberships: z.boolean().optional(),
  profile: profileSchema.optional(),
})

export type ProvisionUserInput = InputOf<typeof provisionUserInputSchema>
/** The input after it has been checked. */
export type ProvisionedInput = z.output<typeof provisionUserInputSchema>

/** What provisioning has found or made. */
export interface ProvisionedUser {
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly userId: Id
  readonly accountId: Id
  readonly tenantAccountId: Id
  /**
   * What was written, without values: `user`, `user.displayName`, `account`, `account.name`, `external-identity`,
   * `tenant-account`, `membership:<group>/<role>`, `profile-value:<level>/<attributeKey>`.
   */
  readonly changed: readonly string[]
}
