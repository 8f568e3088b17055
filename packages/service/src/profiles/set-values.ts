import {
  AUDIENCES,
  idSchema,
  jsonValueSchema,
  keySchema,
  PROFILE_LEVELS,
  type ProfileValue,
  provenanceSchema,
  type StoreTransaction,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { CommandRun } from '../commands/command-run.ts'
import type { InputOf } from '../commands/input-of.ts'
import { definitionSourceFields, namesOneSource, readDefinitions } from './definition-source.ts'
import { planValue, type WantedValue } from './plan-value.ts'
import { APPLICATION_NEEDED, namesApplicationOf, profileScopeOf } from './profile-scope.ts'
import { isOvertaken, writePlannedValue } from './write-value.ts'

/** How many values one command sets or clears at most. */
export const MAX_VALUES = 100

/** The fields of an input that say by whom and through what values are set. */
export const valueOriginFields = {
  /** The system or channel that delivers the values, for example `self-service` or `scim`. */
  source: provenanceSchema.shape.source,
  /** As whom the caller edits: the attribute must list this audience among its editors. */
  audience: z.enum(AUDIENCES),
}

/** One value of an input. */
export const valueItemFields = {
  level: z.enum(PROFILE_LEVELS),
  attributeKey: keySchema,
  value: jsonValueSchema,
  /** The version the caller decided on; 0 for a value that must not exist yet; absent for whatever is there. */
  expectedVersion: z.int().min(0).optional(),
}

interface NamedItem {
  readonly level: string
  readonly attributeKey: string
}

/** Whether no value is named twice. */
export function namesEachOnce(items: readonly NamedItem[]): boolean {
  return new Set(items.map(({ level, attributeKey }) => `${level}/${attributeKey}`)).size === items.length
}

export const ONE_SOURCE = { error: 'either applicationId or catalogId' }
export const EACH_ONCE = { error: 'each level and attribute key once' }

export const setValuesInputSchema = z
  .strictObject({
    userId: idSchema,
    ...definitionSourceFields,
    ...valueOriginFields,
    values: z.array(z.strictObject(valueItemFields)).min(1).max(MAX_VALUES).refine(namesEachOnce, EACH_ONCE),
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

export type SetValuesInput = InputOf<typeof setValuesInputSchema>

export const setValues = defineCommand({
  action: 'profile-value.set',
  input: setValuesInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  audience: ({ audience }) => audience,
  decidesAgainOn: isOvertaken,
  perform: setProfileValues,
})

/** Sets the values of an input, in its order, and returns the records as they are afterwards. */
export async function setProfileValues(
  tx: StoreTransaction,
  input: z.output<typeof setValuesInputSchema>,
  run: CommandRun,
): Promise<ProfileValue[]> {
  const { userId, applicationId, source, audience } = input
  const wanted = input.values.map(({ level, attributeKey, ...item }): WantedValue => {
    return { key: { userId, scope: profileScopeOf(level, applicationId, run), attributeKey }, ...item }
  })
  const [definitions, stored] = await Promise.all([
    readDefinitions(tx, input, run),
    Promise.all(wanted.map(({ key }) => tx.profileValues.find(key))),
  ])
  const origin = { definitions, source, audience }
  const planned = wanted.map((item, index) => {
    return planValue(item, { stored: stored[index] ?? null, origin }, run)
  })
  for (const value of planned) writePlannedValue(tx, value, run)
  return planned.map(({ value }) => value)
}
