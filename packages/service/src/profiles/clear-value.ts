import { idSchema, type ProfileValue } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { clearedItemFields, clearProfileValues, editorFields } from './clear-values.ts'
import { definitionSourceFields, namesOneSource } from './definition-source.ts'
import { APPLICATION_NEEDED, namesApplicationOf } from './profile-scope.ts'
import { ONE_SOURCE } from './set-values.ts'
import { isOvertaken } from './write-value.ts'

export const clearValueInputSchema = z
  .strictObject({
    userId: idSchema,
    ...definitionSourceFields,
    ...editorFields,
    ...clearedItemFields,
  })
  .refine(namesOneSource, ONE_SOURCE)
  .refine(({ level, applicationId }) => namesApplicationOf([level], applicationId), APPLICATION_NEEDED)

export type ClearValueInput = InputOf<typeof clearValueInputSchema>

export const clearValue = defineCommand({
  action: 'profile-value.clear',
  input: clearValueInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  audience: ({ audience }) => audience,
  decidesAgainOn: isOvertaken,
  async perform(tx, input, run): Promise<ProfileValue | null> {
    const { level, attributeKey, expectedVersion, ...rest } = input
    const item = { level, attributeKey, expectedVersion }
    const [cleared = null] = await clearProfileValues(tx, { ...rest, values: [item] }, run)
    return cleared
  },
})
