import { type Catalog, type StoreReader, UserEngineError } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'
import { checkDefinitions } from './check-definitions.ts'
import { findBreakingChanges } from './find-breaking-changes.ts'
import { recordCatalog } from './record-catalog.ts'

export const publishCatalog = defineCommand({
  action: 'catalog.publish',
  input: versionedInputSchema,
  target: ({ id }) => ({ type: 'catalog', id }),
  async perform(tx, input, run): Promise<Catalog> {
    const { id, expectedVersion } = input
    const draft = requireVersion('catalog', await tx.catalogs.get(id), input)
    requireStatus('catalog', draft, ['draft'])
    const issues = checkDefinitions(draft.attributes)
    if (issues.length > 0) throw new UserEngineError('VALIDATION', { issues })

    const before = await findPublishedBefore(tx, draft)
    const breakingChanges = findBreakingChanges(before?.attributes ?? [], draft.attributes)
    const catalog: Catalog = {
      ...draft,
      status: 'published',
      breakingChanges,
      version: draft.version + 1,
      updatedAt: run.now,
    }
    const set = { status: catalog.status, breakingChanges }
    void tx.catalogs.update({ id, expectedVersion, set, updatedAt: run.now })
    recordCatalog(
      tx,
      { catalog, changedFields: ['status', 'breakingChanges'], event: 'user-engine.catalog.published' },
      run,
    )
    return catalog
  },
})

/**
 * The version that tenants come from when they move to this one: the latest published below it, or if all of those are
 * retired, the latest retired, whose values are still there. Only what was published can be retired.
 */
async function findPublishedBefore(reader: StoreReader, draft: Catalog): Promise<Catalog | null> {
  const { applicationId, key, catalogVersion } = draft
  let latestRetired: Catalog | null = null
  let cursor: string | null = null
  do {
    const page = cursor === null ? {} : { cursor }
    const versions = await reader.catalogs.listVersions({ applicationId, key, page })
    for (const version of versions.items) {
      if (version.catalogVersion >= catalogVersion) continue
      if (version.status === 'published') return version
      if (version.status === 'retired') latestRetired ??= version
    }
    cursor = versions.nextCursor
  } while (cursor !== null)
  return latestRetired
}
