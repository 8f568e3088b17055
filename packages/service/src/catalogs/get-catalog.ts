import type { Catalog } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getCatalog = defineQuery({
  action: 'catalog.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'catalog', id }),
  perform: (reader, { id }): Promise<Catalog | null> => reader.catalogs.get(id),
})
