import {
  AUDIENCES,
  idSchema,
  keySchema,
  PROFILE_LEVELS,
  type ProfileValue,
  type StoreTransaction,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { CommandRun } from '../commands/command-run.ts'
import type { InputOf } from '../commands/input-of.ts'
import { definitionSourceFields, namesOneSource, readDefinitions } from './definition-source.ts'
import { requireEditable, requireExpectedVersion } from './plan-value.ts'
import { APPLICATION_NEEDED, namesApplicationOf, profileScopeOf } from './profile-scope.ts'
import { EACH_ONCE, MAX_VALUES, namesEachOnce, ONE_SOURCE } from './set-values.ts'
import { isOvertaken, writeClearedValue } from './write-value.ts'

/** One value of an input. */
export const clearedItemFields = {
  level: z.enum(PROFILE_LEVELS),
  attributeKey: keySchema,
  /** The version the caller decided on; absent for whatever is there. */
  expectedVersion: z.int().min(1).optional(),
}

/** As whom the caller edits: the attribute must list this audience among its editors. */
export const editorFields = { audience: z.enum(AUDIENCES) }

export const clearValuesInputSchema = z
  .strictObject({
    userId: idSchema,
    ...definitionSourceFields,
    ...editorFields,
    values: z
      .array(z.strictObject(clearedItemFields))
      .min(1)
      .max(MAX_VALUES)
      .refine(namesEachOnce, EACH_ONCE),
  })
  .refine(namesOneSource, ONE_SOURCE)
  .refine(
    ({ values, applicationId }) =>
      namesApplicationOf(
        values.map(({ level }) => level),
        applicationId,
      ),
    APPLICATION_NEEDED,
  )

export type ClearValuesInput = InputOf<typeof clearValuesInputSchema>

export const clearValues = defineCommand({
  action: 'profile-value.clear',
  input: clearValuesInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  audience: ({ audience }) => audience,
  decidesAgainOn: isOvertaken,
  perform: clearProfileValues,
})

/**
 * Clears the values of an input and returns, in its order, what was cleared; `null` where nothing was. A level that the
 * attribute no longer allows can still be cleared.
 */
export async function clearProfileValues(
  tx: StoreTransaction,
  input: z.output<typeof clearValuesInputSchema>,
  run: CommandRun,
): Promise<(ProfileValue | null)[]> {
  const { userId, applicationId, audience, values } = input
  const finds = () =>
    values.map(({ level, attributeKey }) =>
      tx.profileValues.find({ userId, scope: profileScopeOf(level, applicationId, run), attributeKey }),
    )
  const [definitions, stored] = await Promise.all([readDefinitions(tx, input, run), Promise.all(finds())])
  const origin = { definitions, audience }
  const cleared = values.map(({ attributeKey, expectedVersion }, index) => {
    requireEditable(attributeKey, origin, run)
    const value = stored[index] ?? null
    requireExpectedVersion(value, expectedVersion)
    return value
  })
  for (const value of cleared) if (value !== null) writeClearedValue(tx, value, run)
  return cleared
}
