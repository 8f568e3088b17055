import {
  type ExternalIdentity,
  type ExternalIdentityReader,
  type ExternalIdentityWriter,
  externalIdentitySchema,
  identityKeySchema,
  idSchema,
  validate,
  versionedDeleteSchema,
} from '@user-engine/store-protocol'
import { listDocuments } from './document-lists.ts'
import {
  assertNew,
  deleteDocument,
  findDocument,
  insertDocument,
  type Kind,
  requireDocument,
} from './documents.ts'
import type { Sync } from './sync-role.ts'
import type { Unit } from './unit.ts'
import { USERS } from './users.ts'
import { seesUser } from './visibility.ts'

export const EXTERNAL_IDENTITIES: Kind<ExternalIdentity> = {
  entity: 'external-identity',
  table: 'external_identities',
  columns: ({ id, userId, issuer, subject }) => ({ id, user_id: userId, issuer, subject }),
  unique: [
    { key: 'id', columns: ['id'] },
    { key: 'issuer,subject', columns: ['issuer', 'subject'] },
  ],
  visible: (unit) => seesUser(unit, 'external_identities.user_id'),
}

export function externalIdentityReader(unit: Unit): Sync<ExternalIdentityReader> {
  return {
    get: (id) => findDocument(unit, EXTERNAL_IDENTITIES, { id: validate(idSchema, id) }),
    resolve(key) {
      const { issuer, subject } = validate(identityKeySchema, key)
      const identity = findDocument(unit, EXTERNAL_IDENTITIES, { issuer, subject })
      if (identity === null) return null
      return { identity, user: requireDocument(unit, USERS, { id: identity.userId }) }
    },
    listByUser({ userId, page }) {
      const where = { user_id: validate(idSchema, userId) }
      return listDocuments(unit, EXTERNAL_IDENTITIES, { name: `identities-by-user:${userId}`, where }, page)
    },
  }
}

export function externalIdentityWriter(unit: Unit): Sync<ExternalIdentityWriter> {
  return {
    insert(identity) {
      const record = validate(externalIdentitySchema, identity)
      assertNew(record)
      requireDocument(unit, USERS, { id: record.userId })
      insertDocument(unit, EXTERNAL_IDENTITIES, record)
    },
    delete: (removal) => deleteDocument(unit, EXTERNAL_IDENTITIES, validate(versionedDeleteSchema, removal)),
  }
}
