import {
  idSchema,
  keySchema,
  type Membership,
  type MembershipReader,
  type MembershipWriter,
  membershipChangesSchema,
  membershipSchema,
  validate,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { listDocuments } from './document-lists.ts'
import {
  assertNew,
  deleteDocument,
  findDocument,
  insertDocument,
  type Kind,
  requireDocument,
  updateDocument,
} from './documents.ts'
import type { Sync } from './sync-role.ts'
import { TENANT_ACCOUNTS } from './tenant-accounts.ts'
import { assertOwnTenant, assertTenantScope, type Unit } from './unit.ts'

export const MEMBERSHIPS: Kind<Membership> = {
  entity: 'membership',
  table: 'memberships',
  columns: ({ tenantId, id, tenantAccountId, group, role }) => ({
    tenant_id: tenantId,
    id,
    tenant_account_id: tenantAccountId,
    group_key: group,
    role,
  }),
  unique: [
    { key: 'id', columns: ['tenant_id', 'id'] },
    { key: 'tenantAccountId,group,role', columns: ['tenant_id', 'tenant_account_id', 'group_key', 'role'] },
  ],
  visible: () => 'tenant_id = :tenant',
}

const updateSchema = versionedUpdateSchema(membershipChangesSchema)
// Not strict: a whole membership may stand where its key is asked for.
const keyOfMembershipSchema = membershipSchema
  .pick({ tenantAccountId: true, group: true, role: true })
  .strip()
const BY_GROUP_AND_ROLE = [
  { column: 'group_key', type: 'string' },
  { column: 'role', type: 'string' },
] as const

export function membershipReader(unit: Unit): Sync<MembershipReader> {
  return {
    get(id) {
      const where = { id: validate(idSchema, id) }
      assertTenantScope(unit, 'membership')
      return findDocument(unit, MEMBERSHIPS, where)
    },
    find(key) {
      const { tenantAccountId, group, role } = validate(keyOfMembershipSchema, key)
      assertTenantScope(unit, 'membership')
      return findDocument(unit, MEMBERSHIPS, { tenant_account_id: tenantAccountId, group_key: group, role })
    },
    listByTenantAccount({ tenantAccountId, page }) {
      const where = { tenant_account_id: validate(idSchema, tenantAccountId) }
      assertTenantScope(unit, 'membership')
      const name = `memberships-by-tenant-account:${tenantAccountId}`
      return listDocuments(unit, MEMBERSHIPS, { name, where, order: BY_GROUP_AND_ROLE }, page)
    },
    listByGroup({ group, page }) {
      const where = { group_key: validate(keySchema, group) }
      assertTenantScope(unit, 'membership')
      return listDocuments(unit, MEMBERSHIPS, { name: `memberships-by-group:${group}`, where }, page)
    },
  }
}

export function membershipWriter(unit: Unit): Sync<MembershipWriter> {
  return {
    insert(membership) {
      const record = validate(membershipSchema, membership)
      assertNew(record)
      assertTenantScope(unit, 'membership')
      assertOwnTenant(unit, record.tenantId, 'membership')
      requireDocument(unit, TENANT_ACCOUNTS, { id: record.tenantAccountId })
      insertDocument(unit, MEMBERSHIPS, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      assertTenantScope(unit, 'membership')
      updateDocument(unit, MEMBERSHIPS, request)
    },
    delete(removal) {
      const request = validate(versionedDeleteSchema, removal)
      assertTenantScope(unit, 'membership')
      deleteDocument(unit, MEMBERSHIPS, request)
    },
  }
}
