import { idSchema, type ProfileValue, UserEngineError } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { definitionSourceFields, namesOneSource } from './definition-source.ts'
import { APPLICATION_NEEDED, namesApplicationOf } from './profile-scope.ts'
import { ONE_SOURCE, setProfileValues, valueItemFields, valueOriginFields } from './set-values.ts'
import { isOvertaken } from './write-value.ts'

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
    const { level, attributeKey, value, expectedVersion, ...rest } = input
    const item = { level, attributeKey, value, expectedVersion }
    const [record] = await setProfileValues(tx, { ...rest, values: [item] }, run)
    if (record === undefined) throw new UserEngineError('INTERNAL', { reference: run.action })
    return record
  },
})
