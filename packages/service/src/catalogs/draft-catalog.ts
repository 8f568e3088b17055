import {
  type Catalog,
  type CatalogFamily,
  catalogSchema,
  idSchema,
  type StoreTransaction,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { plainDefinitions } from './plain-definitions.ts'
import { recordCatalog } from './record-catalog.ts'

const { applicationId, key, catalogVersion, attributes } = catalogSchema.shape

export const draftCatalogInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  /** The application whose catalog it is; `null` is the platform. */
  applicationId,
  key,
  /** Default: one more than the highest version of the family. */
  catalogVersion: catalogVersion.optional(),
  attributes,
})

export type DraftCatalogInput = InputOf<typeof draftCatalogInputSchema>

export const draftCatalog = defineCommand({
  action: 'catalog.draft',
  input: draftCatalogInputSchema,
  target: (input, newId) => ({ type: 'catalog', id: input.id ?? newId() }),
  // Two drafts at once may compute the same next version; the loser computes it again.
  decidesAgainOn: (error, { catalogVersion }) =>
    catalogVersion === undefined && error.code === 'DUPLICATE_KEY' && error.data.key !== 'id',
  async perform(tx, input, run): Promise<Catalog> {
    const catalog: Catalog = {
      id: run.target.id,
      applicationId: input.applicationId,
      key: input.key,
      catalogVersion: input.catalogVersion ?? (await findNextVersion(tx, input)),
      status: 'draft',
      attributes: plainDefinitions(input.attributes),
      breakingChanges: [],
      version: 1,
      createdAt: run.now,
      updatedAt: run.now,
    }
    void tx.catalogs.insert(catalog)
    recordCatalog(
      tx,
      { catalog, changedFields: ['attributes', 'status'], event: 'user-engine.catalog.drafted' },
      run,
    )
    return catalog
  },
})

async function findNextVersion(tx: StoreTransaction, { applicationId, key }: CatalogFamily): Promise<number> {
  const latest = await tx.catalogs.listVersions({ applicationId, key, page: { limit: 1 } })
  return (latest.items[0]?.catalogVersion ?? 0) + 1
}
