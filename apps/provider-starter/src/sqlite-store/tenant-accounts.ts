import {
  idSchema,
  type TenantAccount,
  type TenantAccountReader,
  type TenantAccountWriter,
  tenantAccountChangesSchema,
  tenantAccountSchema,
  UserEngineError,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { ACCOUNTS } from './accounts.ts'
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

export const TENANT_ACCOUNTS: Kind<TenantAccount> = {
  entity: 'tenant-account',
  table: 'tenant_accounts',
  columns: ({ tenantId, id, accountId, userId }) => ({
    tenant_id: tenantId,
    id,
    account_id: accountId,
    user_id: userId,
  }),
  unique: [
    { key: 'id', columns: ['tenant_id', 'id'] },
    { key: 'tenantId,accountId', columns: ['tenant_id', 'account_id'] },
  ],
  // The platform's view has one list only: which tenants a user is in.
  visible: ({ tenantId }) => (tenantId === null ? 'true' : 'tenant_id = :tenant'),
}

const updateSchema = versionedUpdateSchema(tenantAccountChangesSchema)
const BY_TENANT = [
  { column: 'tenant_id', type: 'string' },
  { column: 'id', type: 'string' },
] as const

export function tenantAccountReader(unit: Unit): Sync<TenantAccountReader> {
  return {
    get(id) {
      const where = { id: validate(idSchema, id) }
      assertTenantScope(unit, 'tenant-account')
      return findDocument(unit, TENANT_ACCOUNTS, where)
    },
    findByAccount(accountId) {
      const where = { account_id: validate(idSchema, accountId) }
      assertTenantScope(unit, 'tenant-account')
      return findDocument(unit, TENANT_ACCOUNTS, where)
    },
    list(page) {
      assertTenantScope(unit, 'tenant-account')
      return listDocuments(unit, TENANT_ACCOUNTS, { name: 'tenant-accounts' }, page)
    },
    listByUser({ userId, page }) {
      const where = { user_id: validate(idSchema, userId) }
      const name = `tenant-accounts-by-user:${userId}`
      return listDocuments(unit, TENANT_ACCOUNTS, { name, where, order: BY_TENANT }, page)
    },
  }
}

export function tenantAccountWriter(unit: Unit): Sync<TenantAccountWriter> {
  return {
    insert(tenantAccount) {
      const record = validate(tenantAccountSchema, tenantAccount)
      assertNew(record)
      assertOwnTenant(unit, record.tenantId, 'tenant-account')
      const account = requireDocument(unit, ACCOUNTS, { id: record.accountId })
      if (account.userId !== record.userId)
        throw new UserEngineError('NOT_FOUND', { entity: 'account', id: account.id })
      insertDocument(unit, TENANT_ACCOUNTS, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      assertTenantScope(unit, 'tenant-account')
      updateDocument(unit, TENANT_ACCOUNTS, request)
    },
  }
}
