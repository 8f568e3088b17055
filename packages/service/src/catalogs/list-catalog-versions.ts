import { type Catalog, catalogSchema, type Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listCatalogVersionsInputSchema = listInputSchema.extend({
  applicationId: catalogSchema.shape.applicationId,
  key: catalogSchema.shape.key,
})

export type ListCatalogVersionsInput = InputOf<typeof listCatalogVersionsInputSchema>

export const listCatalogVersions = defineQuery({
  action: 'catalog.list-versions',
  input: listCatalogVersionsInputSchema,
  target: ({ applicationId, key }) => ({
    type: 'catalog',
    id: `family:${applicationId ?? 'platform'}/${key}`,
  }),
  perform: (reader, input): Promise<Page<Catalog>> => {
    const { applicationId, key } = input
    return reader.catalogs.listVersions({ applicationId, key, page: pageOf(input) })
  },
})
