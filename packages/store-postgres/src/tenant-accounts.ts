import {
  type Id,
  idSchema,
  type Page,
  type PageRequest,
  type TenantAccount,
  type TenantAccountChanges,
  type TenantAccountReader,
  type TenantAccountWriter,
  tenantAccountChangesSchema,
  tenantAccountSchema,
  UserEngineError,
  type VersionedUpdate,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { defineStatement } from './connection/statement.ts'
import { type Handle, planInsertUnder, scoped } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { columns, RowReader } from './sql/columns.ts'
import { insertStatementsUnder } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { BEFORE_ALL_IDS } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant, seesAccount } from './sql/visibility.ts'

const COLUMNS = ['id', 'tenant_id', 'account_id', 'user_id', 'status', 'version', 'created_at', 'updated_at']

function readTenantAccount(row: RowReader): TenantAccount {
  return {
    id: row.text(),
    tenantId: row.text(),
    accountId: row.text(),
    userId: row.text(),
    status: row.word(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type TenantAccountStatements = ReturnType<typeof tenantAccountStatements>

export function tenantAccountStatements(s: SchemaName) {
  const select = `SELECT ${columns('t', COLUMNS)} FROM ${s}.tenant_accounts t`
  const parent = {
    entity: 'account',
    from: 'accounts a',
    where: { id: 'account_id', user_id: 'user_id' },
    named: 'account_id',
    seenBy: (tenant: string) => seesAccount(s, 'a', tenant),
  }
  return {
    get: defineStatement(`${select} WHERE ${ofTenant('t.tenant_id', '$1')} AND t.id = $2`),
    findByAccount: defineStatement(`${select} WHERE ${ofTenant('t.tenant_id', '$1')} AND t.account_id = $2`),
    list: defineStatement(
      `${select} WHERE ${ofTenant('t.tenant_id', '$1')} AND t.id > $2 ORDER BY t.id LIMIT $3`,
    ),
    listByUser: {
      tenant: defineStatement(`
        ${select} WHERE ${ofTenant('t.tenant_id', '$5')} AND t.user_id = $1 AND (t.tenant_id, t.id) > ($2, $3)
        ORDER BY t.id LIMIT $4`),
      // By the user's accounts: the index for it is that of accounts.
      platform: defineStatement(`
        SELECT ${columns('t', COLUMNS)} FROM ${s}.accounts a CROSS JOIN LATERAL (
          ${select} WHERE t.account_id = a.id AND (t.tenant_id, t.id) > ($2, $3)
          ORDER BY t.tenant_id, t.id LIMIT $4) t
        WHERE a.user_id = $1 ORDER BY t.tenant_id, t.id LIMIT $4`),
    },
    insert: insertStatementsUnder(parent, {
      schema: s,
      table: 'tenant_accounts',
      columns: {
        ...{ id: 'uuid', tenant_id: 'text', account_id: 'uuid', user_id: 'uuid', status: 'text' },
        ...{ created_at: 'timestamptz', updated_at: 'timestamptz' },
      },
      constants: { version: '1' },
    }),
    update: defineStatement(`
      WITH changed AS (
        UPDATE ${s}.tenant_accounts t SET status = coalesce($5, status), version = version + 1, updated_at = $4
        WHERE ${ofTenant('t.tenant_id', '$1')} AND t.id = $2 AND t.version = $3 RETURNING 1)
      SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('tenant-account', $2) END FROM changed`),
  }
}

const updateSchema = versionedUpdateSchema(tenantAccountChangesSchema)

export function createTenantAccounts(
  handle: Handle,
  statements: TenantAccountStatements,
): TenantAccountReader & TenantAccountWriter {
  return new PostgresTenantAccounts(handle, statements)
}

class PostgresTenantAccounts implements TenantAccountReader, TenantAccountWriter {
  readonly #handle: Handle
  readonly #sql: TenantAccountStatements

  constructor(handle: Handle, statements: TenantAccountStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<TenantAccount | null> {
    return this.#handle.read(() => ({
      call: { statement: this.#sql.get, values: [this.#tenant(), validate(idSchema, id)] },
      parse: ([row]) => (row === undefined ? null : readTenantAccount(new RowReader(row))),
    }))
  }

  findByAccount(accountId: Id): Promise<TenantAccount | null> {
    return this.#handle.read(() => ({
      call: { statement: this.#sql.findByAccount, values: [this.#tenant(), validate(idSchema, accountId)] },
      parse: ([row]) => (row === undefined ? null : readTenantAccount(new RowReader(row))),
    }))
  }

  list(page?: PageRequest): Promise<Page<TenantAccount>> {
    return this.#handle.read(() =>
      planPage({
        list: 'tenant-accounts',
        page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => ({ statement: this.#sql.list, values: [this.#tenant(), ...after, limit] }),
        read: readTenantAccount,
        keyOf: (tenantAccount) => [tenantAccount.id],
      }),
    )
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<TenantAccount>> {
    return this.#handle.read(() => {
      const userId = validate(idSchema, request.userId)
      return planPage({
        list: `tenant-accounts:${userId}`,
        page: request.page,
        start: ['', BEFORE_ALL_IDS],
        call: (after, limit) => scoped(this.#handle, this.#sql.listByUser, [userId, ...after, limit]),
        read: readTenantAccount,
        keyOf: ({ tenantId, id }) => [tenantId, id],
      })
    })
  }

  insert(tenantAccount: TenantAccount): Promise<void> {
    return this.#handle.write(() => {
      const record = parseInsert(tenantAccountSchema, tenantAccount)
      const { id, tenantId, accountId, userId, status, createdAt, updatedAt } = record
      if (this.#handle.tenantId !== null && this.#handle.tenantId !== tenantId) {
        throw new UserEngineError('TENANT_BOUNDARY', { entity: 'tenant-account' })
      }
      const values = [id, tenantId, accountId, userId, status, createdAt, updatedAt]
      const parent = { entity: 'account', id: accountId } as const
      return {
        ...planInsertUnder(this.#handle, this.#sql.insert, { values, parent }),
        subject: { entity: 'tenant-account', id },
      }
    })
  }

  update(change: VersionedUpdate<TenantAccountChanges>): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      const values = [this.#tenant(), id, String(expectedVersion), updatedAt, set.status ?? null]
      return {
        call: { statement: this.#sql.update, values },
        subject: { entity: 'tenant-account', id, expectedVersion },
      }
    })
  }

  #tenant(): string {
    return this.#handle.requireTenant('tenant-account')
  }
}
