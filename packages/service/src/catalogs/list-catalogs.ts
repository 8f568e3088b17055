import type { Catalog, Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listCatalogs = defineQuery({
  action: 'catalog.list',
  input: listInputSchema,
  target: () => ({ type: 'catalog', id: '*' }),
  perform: (reader, input): Promise<Page<Catalog>> => reader.catalogs.list(pageOf(input)),
})
