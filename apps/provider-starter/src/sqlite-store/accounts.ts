import {
  type Account,
  type AccountReader,
  type AccountWriter,
  accountChangesSchema,
  accountSchema,
  idSchema,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
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
import type { Unit } from './unit.ts'
import { USERS } from './users.ts'
import { markCreated, seesAccount } from './visibility.ts'

export const ACCOUNTS: Kind<Account> = {
  entity: 'account',
  table: 'accounts',
  columns: ({ id, userId }) => ({ id, user_id: userId }),
  unique: [{ key: 'id', columns: ['id'] }],
  visible: (unit) => seesAccount(unit, 'accounts.id'),
}

const updateSchema = versionedUpdateSchema(accountChangesSchema)

export function accountReader(unit: Unit): Sync<AccountReader> {
  return {
    get: (id) => findDocument(unit, ACCOUNTS, { id: validate(idSchema, id) }),
    listByUser({ userId, page }) {
      const where = { user_id: validate(idSchema, userId) }
      return listDocuments(unit, ACCOUNTS, { name: `accounts-by-user:${userId}`, where }, page)
    },
  }
}

export function accountWriter(unit: Unit): Sync<AccountWriter> {
  return {
    insert(account) {
      const record = validate(accountSchema, account)
      assertNew(record)
      requireDocument(unit, USERS, { id: record.userId })
      insertDocument(unit, ACCOUNTS, record)
      markCreated(unit, 'account', record.id)
    },
    update: (change) => updateDocument(unit, ACCOUNTS, validate(updateSchema, change)),
  }
}
