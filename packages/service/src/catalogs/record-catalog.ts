import type { Catalog, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** What happened to a catalog. */
export interface CatalogChange {
  readonly catalog: Catalog
  readonly changedFields: readonly string[]
  readonly event:
    | 'user-engine.catalog.drafted'
    | 'user-engine.catalog.published'
    | 'user-engine.catalog.retired'
}

/** Appends what a change of a catalog leaves behind. */
export function recordCatalog(tx: StoreTransaction, change: CatalogChange, run: CommandRun): void {
  const { id, applicationId, catalogVersion, status, version } = change.catalog
  run.record(tx, {
    target: { type: 'catalog', id },
    changedFields: change.changedFields,
    event: change.event,
    aggregateId: id,
    payload: { catalogId: id, applicationId, catalogVersion, status, version },
  })
}
