import {
  type Id,
  idSchema,
  type Key,
  keySchema,
  type Membership,
  type MembershipChanges,
  type MembershipReader,
  type MembershipWriter,
  membershipChangesSchema,
  membershipSchema,
  type Page,
  type PageRequest,
  UserEngineError,
  type VersionedDelete,
  type VersionedUpdate,
  validate,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { defineStatement } from './connection/statement.ts'
import { type Handle, planInsert } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { columns, RowReader } from './sql/columns.ts'
import { insertStatements } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { BEFORE_ALL_IDS, changeParameters } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

const COLUMNS = [
  'id',
  'tenant_id',
  'tenant_account_id',
  'group_key',
  'role_key',
  'valid_from',
  'valid_until',
  'version',
  'created_at',
  'updated_at',
]

function readMembership(row: RowReader): Membership {
  return {
    id: row.text(),
    tenantId: row.text(),
    tenantAccountId: row.text(),
    group: row.text(),
    role: row.text(),
    validFrom: row.instantOrNull(),
    validUntil: row.instantOrNull(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type MembershipStatements = ReturnType<typeof membershipStatements>

export function membershipStatements(s: SchemaName) {
  const select = `SELECT ${columns('m', COLUMNS)} FROM ${s}.memberships m WHERE ${ofTenant('m.tenant_id', '$1')}`
  const changed = `SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('membership', $2) END FROM changed`
  return {
    get: defineStatement(`${select} AND m.id = $2`),
    find: defineStatement(`${select} AND m.tenant_account_id = $2 AND m.group_key = $3 AND m.role_key = $4`),
    listByTenantAccount: defineStatement(`
      ${select} AND m.tenant_account_id = $2 AND (m.group_key, m.role_key) > ($3, $4)
      ORDER BY m.group_key, m.role_key LIMIT $5`),
    listByGroup: defineStatement(`${select} AND m.group_key = $2 AND m.id > $3 ORDER BY m.id LIMIT $4`),
    insert: insertStatements({
      schema: s,
      table: 'memberships',
      columns: {
        ...{ tenant_id: 'text', id: 'uuid', tenant_account_id: 'uuid', group_key: 'text', role_key: 'text' },
        ...{ valid_from: 'timestamptz', valid_until: 'timestamptz' },
        ...{ created_at: 'timestamptz', updated_at: 'timestamptz' },
      },
      constants: { version: '1' },
    }),
    update: defineStatement(`
      WITH changed AS (
        UPDATE ${s}.memberships m SET
          valid_from = CASE WHEN $5::boolean THEN $6 ELSE valid_from END,
          valid_until = CASE WHEN $7::boolean THEN $8 ELSE valid_until END,
          version = version + 1, updated_at = $4
        WHERE ${ofTenant('m.tenant_id', '$1')} AND m.id = $2 AND m.version = $3 RETURNING 1)
      ${changed}`),
    delete: defineStatement(`
      WITH changed AS (
        DELETE FROM ${s}.memberships m
        WHERE ${ofTenant('m.tenant_id', '$1')} AND m.id = $2 AND m.version = $3 RETURNING 1)
      ${changed}`),
  }
}

const updateSchema = versionedUpdateSchema(membershipChangesSchema)

export function createMemberships(
  handle: Handle,
  statements: MembershipStatements,
): MembershipReader & MembershipWriter {
  return new PostgresMemberships(handle, statements)
}

class PostgresMemberships implements MembershipReader, MembershipWriter {
  readonly #handle: Handle
  readonly #sql: MembershipStatements

  constructor(handle: Handle, statements: MembershipStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<Membership | null> {
    return this.#handle.read(() => ({
      call: { statement: this.#sql.get, values: [this.#tenant(), validate(idSchema, id)] },
      parse: ([row]) => (row === undefined ? null : readMembership(new RowReader(row))),
    }))
  }

  find(key: {
    readonly tenantAccountId: Id
    readonly group: Key
    readonly role: Key
  }): Promise<Membership | null> {
    return this.#handle.read(() => {
      const values = [
        validate(idSchema, key.tenantAccountId),
        validate(keySchema, key.group),
        validate(keySchema, key.role),
      ]
      return {
        call: { statement: this.#sql.find, values: [this.#tenant(), ...values] },
        parse: ([row]) => (row === undefined ? null : readMembership(new RowReader(row))),
      }
    })
  }

  listByTenantAccount(request: {
    readonly tenantAccountId: Id
    readonly page?: PageRequest
  }): Promise<Page<Membership>> {
    return this.#handle.read(() => {
      const tenantAccountId = validate(idSchema, request.tenantAccountId)
      return planPage({
        list: `memberships-of:${tenantAccountId}`,
        page: request.page,
        start: ['', ''],
        call: (after, limit) => ({
          statement: this.#sql.listByTenantAccount,
          values: [this.#tenant(), tenantAccountId, ...after, limit],
        }),
        read: readMembership,
        keyOf: ({ group, role }) => [group, role],
      })
    })
  }

  listByGroup(request: { readonly group: Key; readonly page?: PageRequest }): Promise<Page<Membership>> {
    return this.#handle.read(() => {
      const group = validate(keySchema, request.group)
      return planPage({
        list: `memberships-in:${group}`,
        page: request.page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => ({
          statement: this.#sql.listByGroup,
          values: [this.#tenant(), group, ...after, limit],
        }),
        read: readMembership,
        keyOf: (membership) => [membership.id],
      })
    })
  }

  insert(membership: Membership): Promise<void> {
    return this.#handle.write(() => {
      const record = parseInsert(membershipSchema, membership)
      const { id, tenantAccountId, group, role, validFrom, validUntil, createdAt, updatedAt } = record
      const tenantId = this.#tenant()
      if (record.tenantId !== tenantId) throw new UserEngineError('TENANT_BOUNDARY', { entity: 'membership' })
      const values = [tenantId, id, tenantAccountId, group, role, validFrom, validUntil, createdAt, updatedAt]
      return {
        ...planInsert(this.#sql.insert, values, { entity: 'tenant-account', id: tenantAccountId }),
        subject: { entity: 'membership', id, references: { 'tenant-account': tenantAccountId } },
      }
    })
  }

  update(change: VersionedUpdate<MembershipChanges>): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      const values = [
        ...[this.#tenant(), id, String(expectedVersion), updatedAt],
        ...changeParameters(set, 'validFrom', set.validFrom),
        ...changeParameters(set, 'validUntil', set.validUntil),
      ]
      return {
        call: { statement: this.#sql.update, values },
        subject: { entity: 'membership', id, expectedVersion },
      }
    })
  }

  delete(removal: VersionedDelete): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion } = validate(versionedDeleteSchema, removal)
      const values = [this.#tenant(), id, String(expectedVersion)]
      return {
        call: { statement: this.#sql.delete, values },
        subject: { entity: 'membership', id, expectedVersion },
      }
    })
  }

  #tenant(): string {
    return this.#handle.requireTenant('membership')
  }
}
