import type { AttributeDefinition, Audience, Catalog, Id, Key } from '@user-engine/store-protocol'
import { compileValueCheck, type ValueCheck } from './validate-value.ts'

/** One attribute of a catalog, ready to judge values. */
export interface CompiledAttribute {
  readonly definition: AttributeDefinition
  readonly check: ValueCheck
}

/** A catalog, ready to be used. */
export interface CompiledCatalog {
  /** What never changes of it. */
  readonly catalog: Pick<Catalog, 'id' | 'key' | 'catalogVersion'>
  readonly attributes: ReadonlyMap<Key, CompiledAttribute>
  /** The attributes that an audience may view, by key, bytewise. */
  viewedBy(audience: Audience): readonly AttributeDefinition[]
}

/** Compiles catalogs, and keeps those that will never change. */
export interface CompiledCatalogs {
  /** The catalog with this id, where it has been compiled before and is still kept: then it need not be read. */
  find(id: Id): CompiledCatalog | undefined
  compile(catalog: Catalog): CompiledCatalog
}

export interface CompiledCatalogsOptions {
  /** How many are kept at most; default 256. */
  readonly limit?: number
  /** A clock in milliseconds. */
  readonly now?: () => number
}

/**
 * How long one is kept. A published catalog never changes, unless the database is restored to a moment at which it was
 * still a draft: after that every process has to find out by itself.
 */
const KEPT_MS = 60_000

/**
 * Keeps the catalogs that were used last. One that is published never changes again, so that its id is enough of a key;
 * its status, which may become retired, is not kept. A draft is compiled each time.
 */
export function createCompiledCatalogs(options: CompiledCatalogsOptions = {}): CompiledCatalogs {
  const { limit = 256, now = () => performance.now() } = options
  // A Map iterates in the order of insertion: the first key is the one that was compiled the longest time ago.
  const kept = new Map<Id, { readonly compiled: CompiledCatalog; readonly until: number }>()
  return {
    find(id) {
      const found = kept.get(id)
      return found !== undefined && now() < found.until ? found.compiled : undefined
    },
    compile(catalog) {
      const compiled = compileCatalog(catalog)
      if (catalog.status === 'draft') return compiled
      kept.delete(catalog.id)
      kept.set(catalog.id, { compiled, until: now() + KEPT_MS })
      const [oldest] = kept.keys()
      if (kept.size > limit && oldest !== undefined) kept.delete(oldest)
      return compiled
    },
  }
}

function compileCatalog({ id, key, catalogVersion, attributes }: Catalog): CompiledCatalog {
  const views = new Map<Audience, readonly AttributeDefinition[]>()
  return {
    catalog: { id, key, catalogVersion },
    attributes: new Map(
      attributes.map((definition) => [definition.key, { definition, check: compileValueCheck(definition) }]),
    ),
    viewedBy(audience) {
      let view = views.get(audience)
      if (view === undefined) {
        view = attributes
          .filter(({ viewers }) => viewers.includes(audience))
          // Keys are ASCII, so that the order of code units is the order of bytes [QRY-02].
          .sort((one, other) => (one.key < other.key ? -1 : 1))
        views.set(audience, view)
      }
      return view
    },
  }
}
