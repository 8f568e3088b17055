import {
  idSchema,
  type User,
  type UserReader,
  type UserWriter,
  userChangesSchema,
  userSchema,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { listDocuments } from './document-lists.ts'
import { assertNew, findDocument, insertDocument, type Kind, updateDocument } from './documents.ts'
import type { Sync } from './sync-role.ts'
import type { Unit } from './unit.ts'
import { markCreated, seesUser } from './visibility.ts'

export const USERS: Kind<User> = {
  entity: 'user',
  table: 'users',
  columns: ({ id }) => ({ id }),
  unique: [{ key: 'id', columns: ['id'] }],
  visible: (unit) => seesUser(unit, 'users.id'),
}

const updateSchema = versionedUpdateSchema(userChangesSchema)

export function userReader(unit: Unit): Sync<UserReader> {
  return {
    get: (id) => findDocument(unit, USERS, { id: validate(idSchema, id) }),
    list: (page) => listDocuments(unit, USERS, { name: 'users' }, page),
  }
}

export function userWriter(unit: Unit): Sync<UserWriter> {
  return {
    insert(user) {
      const record = validate(userSchema, user)
      assertNew(record)
      insertDocument(unit, USERS, record)
      markCreated(unit, 'user', record.id)
    },
    update: (change) => updateDocument(unit, USERS, validate(updateSchema, change)),
  }
}
