import {
  type Catalog,
  type CatalogReader,
  type CatalogWriter,
  catalogChangesSchema,
  catalogSchema,
  idSchema,
  UserEngineError,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { APPLICATIONS } from './applications.ts'
import { listDocuments } from './document-lists.ts'
import {
  assertNew,
  findDocument,
  insertDocument,
  type Kind,
  requireDocument,
  updateDocument,
} from './documents.ts'
import type { Sync } from './sync-role.ts'
import { assertPlatformScope, PLATFORM, type Unit } from './unit.ts'

export const CATALOGS: Kind<Catalog> = {
  entity: 'catalog',
  table: 'catalogs',
  columns: ({ id, applicationId, key, catalogVersion }) => ({
    id,
    application_id: applicationId ?? PLATFORM,
    key,
    catalog_version: catalogVersion,
  }),
  unique: [
    { key: 'id', columns: ['id'] },
    { key: 'applicationId,key,catalogVersion', columns: ['application_id', 'key', 'catalog_version'] },
  ],
  visible: () => 'true',
}

const updateSchema = versionedUpdateSchema(catalogChangesSchema)
const familySchema = catalogSchema.pick({ applicationId: true, key: true })
const catalogVersionSchema = catalogSchema.shape.catalogVersion

export function catalogReader(unit: Unit): Sync<CatalogReader> {
  return {
    get: (id) => findDocument(unit, CATALOGS, { id: validate(idSchema, id) }),
    findVersion({ catalogVersion, applicationId, key }) {
      const family = validate(familySchema, { applicationId, key })
      const version = validate(catalogVersionSchema, catalogVersion)
      return findDocument(unit, CATALOGS, { ...columnsOf(family), catalog_version: version })
    },
    listVersions({ applicationId, key, page }) {
      const family = validate(familySchema, { applicationId, key })
      const name = `catalog-versions:${family.applicationId ?? PLATFORM}:${family.key}`
      const order = [{ column: 'catalog_version', type: 'number' }] as const
      return listDocuments(unit, CATALOGS, { name, where: columnsOf(family), order, descending: true }, page)
    },
    list: (page) => listDocuments(unit, CATALOGS, { name: 'catalogs' }, page),
  }
}

export function catalogWriter(unit: Unit): Sync<CatalogWriter> {
  return {
    insert(catalog) {
      const record = validate(catalogSchema, catalog)
      assertNew(record)
      assertPlatformScope(unit, 'catalog')
      if (record.applicationId !== null) requireDocument(unit, APPLICATIONS, { id: record.applicationId })
      insertDocument(unit, CATALOGS, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      assertPlatformScope(unit, 'catalog')
      const changesContent = 'attributes' in request.set || 'breakingChanges' in request.set
      updateDocument(unit, CATALOGS, request, {
        check({ id, status }) {
          if (status === 'draft' || !changesContent) return
          throw new UserEngineError('INVALID_STATE', {
            entity: 'catalog',
            id,
            state: status,
            allowed: ['draft'],
          })
        },
      })
    },
  }
}

function columnsOf({ applicationId, key }: { readonly applicationId: string | null; readonly key: string }) {
  return { application_id: applicationId ?? PLATFORM, key }
}
