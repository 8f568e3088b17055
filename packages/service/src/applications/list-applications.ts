import type { Application, Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listApplications = defineQuery({
  action: 'application.list',
  input: listInputSchema,
  target: () => ({ type: 'application', id: '*' }),
  perform: (reader, input): Promise<Page<Application>> => reader.applications.list(pageOf(input)),
})
