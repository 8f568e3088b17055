import type { ApplicationBinding, Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listBindings = defineQuery({
  action: 'application-binding.list',
  input: listInputSchema,
  target: () => ({ type: 'application-binding', id: '*' }),
  perform: (reader, input): Promise<Page<ApplicationBinding>> =>
    reader.applicationBindings.list(pageOf(input)),
})
