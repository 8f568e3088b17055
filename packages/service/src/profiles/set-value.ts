import { idSchema, type ProfileValue } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { definitionSourceFields, namesOneSource, readDefinitions } from './definition-source.ts'
import { planValue } from './plan-value.ts'
import { APPLICATION_NEEDED, namesApplicationOf, profileScopeOf } from './profile-scope.ts'
import { ONE_SOURCE, valueItemFields, valueOriginFields } from './set-values.ts'
import { isOvertaken, writePlannedValue } from './write-value.ts'

export const setValueInputSchema = z
  .strictObject({
    userId: idSchema,
    ...definitionSourceFields,
    ...valueOriginFields,
    ...valueItemFields,
  })
  .refine(namesOneSource, ONE_SOURCE)
  .refine(({ level, applicationId }) => namesApplicationOf([level], applicationId), APPLICATION_NEEDED)

export type SetValueInput = InputOf<typeof setValueInputSchema>

export const setValue = defineCommand({
  action: 'profile-value.set',
  input: setValueInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  audience: ({ audience }) => audience,
  decidesAgainOn: isOvertaken,
  async perform(tx, input, run): Promise<ProfileValue> {
    const { userId, applicationId, level, attributeKey, value, expectedVersion, source, audience } = input
    const key = { userId, scope: profileScopeOf(level, applicationId, run), attributeKey }
    const [definitions, stored] = await Promise.all([
      readDefinitions(tx, input, run),
      tx.profileValues.find(key),
    ])
    const origin = { definitions, source, audience }
    const planned = planValue({ key, value, expectedVersion }, { stored, origin }, run)
    writePlannedValue(tx, planned, run)
    return planned.value
  },
})
