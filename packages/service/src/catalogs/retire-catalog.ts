import type { Catalog } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'
import { recordCatalog } from './record-catalog.ts'

export const retireCatalog = defineCommand({
  action: 'catalog.retire',
  input: versionedInputSchema,
  target: ({ id }) => ({ type: 'catalog', id }),
  async perform(tx, input, run): Promise<Catalog> {
    const { id, expectedVersion } = input
    const current = requireVersion('catalog', await tx.catalogs.get(id), input)
    requireStatus('catalog', current, ['published'])
    const catalog: Catalog = {
      ...current,
      status: 'retired',
      version: current.version + 1,
      updatedAt: run.now,
    }
    void tx.catalogs.update({ id, expectedVersion, set: { status: 'retired' }, updatedAt: run.now })
    recordCatalog(tx, { catalog, changedFields: ['status'], event: 'user-engine.catalog.retired' }, run)
    return catalog
  },
})
