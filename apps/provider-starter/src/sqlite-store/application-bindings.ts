import {
  type ApplicationBinding,
  type ApplicationBindingReader,
  type ApplicationBindingWriter,
  applicationBindingChangesSchema,
  applicationBindingSchema,
  idSchema,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { APPLICATIONS } from './applications.ts'
import { CATALOGS } from './catalogs.ts'
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
import { assertOwnTenant, assertTenantScope, type Unit } from './unit.ts'

export const APPLICATION_BINDINGS: Kind<ApplicationBinding> = {
  entity: 'application-binding',
  table: 'application_bindings',
  columns: ({ tenantId, id, applicationId }) => ({ tenant_id: tenantId, id, application_id: applicationId }),
  unique: [
    { key: 'id', columns: ['tenant_id', 'id'] },
    { key: 'tenantId,applicationId', columns: ['tenant_id', 'application_id'] },
  ],
  visible: () => 'tenant_id = :tenant',
}

const updateSchema = versionedUpdateSchema(applicationBindingChangesSchema)

export function applicationBindingReader(unit: Unit): Sync<ApplicationBindingReader> {
  return {
    get(id) {
      const where = { id: validate(idSchema, id) }
      assertTenantScope(unit, 'application-binding')
      return findDocument(unit, APPLICATION_BINDINGS, where)
    },
    findByApplication(applicationId) {
      const where = { application_id: validate(idSchema, applicationId) }
      assertTenantScope(unit, 'application-binding')
      return findDocument(unit, APPLICATION_BINDINGS, where)
    },
    list(page) {
      assertTenantScope(unit, 'application-binding')
      return listDocuments(unit, APPLICATION_BINDINGS, { name: 'application-bindings' }, page)
    },
  }
}

export function applicationBindingWriter(unit: Unit): Sync<ApplicationBindingWriter> {
  return {
    insert(binding) {
      const record = validate(applicationBindingSchema, binding)
      assertNew(record)
      assertTenantScope(unit, 'application-binding')
      assertOwnTenant(unit, record.tenantId, 'application-binding')
      requireDocument(unit, APPLICATIONS, { id: record.applicationId })
      requireDocument(unit, CATALOGS, { id: record.catalogId })
      insertDocument(unit, APPLICATION_BINDINGS, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      assertTenantScope(unit, 'application-binding')
      const { catalogId } = request.set
      updateDocument(unit, APPLICATION_BINDINGS, request, {
        check() {
          if (catalogId !== undefined) requireDocument(unit, CATALOGS, { id: catalogId })
        },
      })
    },
  }
}
