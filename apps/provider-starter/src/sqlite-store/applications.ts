import {
  type Application,
  type ApplicationReader,
  type ApplicationWriter,
  applicationChangesSchema,
  applicationSchema,
  idSchema,
  keySchema,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { listDocuments } from './document-lists.ts'
import { assertNew, findDocument, insertDocument, type Kind, updateDocument } from './documents.ts'
import type { Sync } from './sync-role.ts'
import { assertPlatformScope, type Unit } from './unit.ts'

export const APPLICATIONS: Kind<Application> = {
  entity: 'application',
  table: 'applications',
  columns: ({ id, key }) => ({ id, key }),
  unique: [
    { key: 'id', columns: ['id'] },
    { key: 'key', columns: ['key'] },
  ],
  visible: () => 'true',
}

const updateSchema = versionedUpdateSchema(applicationChangesSchema)

export function applicationReader(unit: Unit): Sync<ApplicationReader> {
  return {
    get: (id) => findDocument(unit, APPLICATIONS, { id: validate(idSchema, id) }),
    findByKey: (key) => findDocument(unit, APPLICATIONS, { key: validate(keySchema, key) }),
    list: (page) => listDocuments(unit, APPLICATIONS, { name: 'applications' }, page),
  }
}

export function applicationWriter(unit: Unit): Sync<ApplicationWriter> {
  return {
    insert(application) {
      const record = validate(applicationSchema, application)
      assertNew(record)
      assertPlatformScope(unit, 'application')
      insertDocument(unit, APPLICATIONS, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      assertPlatformScope(unit, 'application')
      updateDocument(unit, APPLICATIONS, request)
    },
  }
}
