import type { AttributeDefinition, Catalog, Id, Key } from '@user-engine/store-protocol'
import { compileValueCheck, type ValueCheck } from './validate-value.ts'

/** One attribute of a catalog, ready to judge values. */
export interface CompiledAttribute {
  readonly definition: AttributeDefinition
  readonly check: ValueCheck
}

/** The attributes of one catalog by key. */
export type CompiledCatalog = ReadonlyMap<Key, CompiledAttribute>

/** Compiles catalogs, and keeps those that will never change. */
export interface CompiledCatalogs {
  compile(catalog: Catalog): CompiledCatalog
}

const KEPT_CATALOGS = 256

/**
 * Keeps the compiled attributes of the catalogs that were used last. A catalog that is published never changes again,
 * so that its id is enough of a key; its status, which may become retired, is not kept. A draft is compiled each time.
 */
export function createCompiledCatalogs(limit = KEPT_CATALOGS): CompiledCatalogs {
  // A Map iterates in the order of insertion: the first key is the one that was used the longest time ago.
  const kept = new Map<Id, CompiledCatalog>()
  return {
    compile(catalog) {
      if (catalog.status === 'draft') return compileAttributes(catalog)
      const compiled = kept.get(catalog.id) ?? compileAttributes(catalog)
      kept.delete(catalog.id)
      kept.set(catalog.id, compiled)
      if (kept.size > limit) {
        for (const oldest of kept.keys()) {
          kept.delete(oldest)
          break
        }
      }
      return compiled
    },
  }
}

function compileAttributes({ attributes }: Catalog): CompiledCatalog {
  return new Map(
    attributes.map((definition) => [definition.key, { definition, check: compileValueCheck(definition) }]),
  )
}
