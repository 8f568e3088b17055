import { idSchema, type Page, type ProfileValue } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { omitUndefined } from '../commands/omit-undefined.ts'
import { pageOf } from '../commands/page-input.ts'
import { userListInputSchema } from '../commands/user-list-input.ts'

export const listValuesInputSchema = userListInputSchema.extend({
  /** Include the values of this application. */
  applicationId: idSchema.optional(),
})

export type ListValuesInput = InputOf<typeof listValuesInputSchema>

export const listValues = defineQuery({
  action: 'profile-value.list',
  input: listValuesInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  perform: (reader, input): Promise<Page<ProfileValue>> => {
    const { userId, applicationId } = input
    return reader.profileValues.listByUser({
      userId,
      page: pageOf(input),
      ...omitUndefined({ applicationId }),
    })
  },
})
