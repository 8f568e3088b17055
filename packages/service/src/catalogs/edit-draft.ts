import { type Catalog, catalogSchema } from '@user-engine/store-protocol'
import { defineBlindCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { plainDefinitions } from './plain-definitions.ts'

export const editDraftInputSchema = versionedInputSchema.extend({
  attributes: catalogSchema.shape.attributes,
})

export type EditDraftInput = InputOf<typeof editDraftInputSchema>

// The store itself refuses new attributes for a catalog that is no draft, so that nothing has to be read first.
export const editDraft = defineBlindCommand({
  action: 'catalog.edit-draft',
  input: editDraftInputSchema,
  target: ({ id }) => ({ type: 'catalog', id }),
  perform(tx, { id, expectedVersion, attributes }, run): Promise<Catalog | null> {
    const changedFields = ['attributes']
    void tx.catalogs.update({
      id,
      expectedVersion,
      set: { attributes: plainDefinitions(attributes) },
      updatedAt: run.now,
    })
    run.record(tx, {
      target: run.target,
      changedFields,
      event: 'user-engine.catalog.draft-edited',
      aggregateId: id,
      payload: { catalogId: id, version: expectedVersion + 1, changedFields },
    })
    return tx.catalogs.get(id)
  },
})
