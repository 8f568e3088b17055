import {
  type Account,
  type AccountChanges,
  type AccountReader,
  type AccountWriter,
  accountChangesSchema,
  accountSchema,
  type Id,
  idSchema,
  type Page,
  type PageRequest,
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
import { BEFORE_ALL_IDS, changeParameters } from './sql/parameters.ts'
import { parentUser } from './sql/parent-user.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { seesAccount } from './sql/visibility.ts'

const COLUMNS = ['id', 'user_id', 'kind', 'name', 'status', 'version', 'created_at', 'updated_at']

function readAccount(row: RowReader): Account {
  return {
    id: row.text(),
    userId: row.text(),
    kind: row.word(),
    name: row.textOrNull(),
    status: row.word(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type AccountStatements = ReturnType<typeof accountStatements>

export function accountStatements(s: SchemaName) {
  const select = `SELECT ${columns('a', COLUMNS)} FROM ${s}.accounts a`
  const page = 'a.user_id = $1 AND a.id > $2'
  const update = (condition: string) => `
    WITH changed AS (
      UPDATE ${s}.accounts a SET
        name = CASE WHEN $4::boolean THEN $5 ELSE name END,
        status = coalesce($6, status), version = version + 1, updated_at = $3
      WHERE a.id = $1 AND a.version = $2 AND ${condition} RETURNING 1)
    SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('account', $1) END FROM changed`
  return {
    get: {
      tenant: defineStatement(`${select} WHERE a.id = $1 AND ${seesAccount(s, 'a', '$2')}`),
      platform: defineStatement(`${select} WHERE a.id = $1`),
    },
    listByUser: {
      tenant: defineStatement(
        `${select} WHERE ${page} AND ${seesAccount(s, 'a', '$4')} ORDER BY a.id LIMIT $3`,
      ),
      platform: defineStatement(`${select} WHERE ${page} ORDER BY a.id LIMIT $3`),
    },
    insert: insertStatementsUnder(parentUser(s), {
      schema: s,
      table: 'accounts',
      columns: {
        ...{ id: 'uuid', user_id: 'uuid', kind: 'text', name: 'text', status: 'text' },
        ...{ created_at: 'timestamptz', updated_at: 'timestamptz' },
      },
      constants: { version: '1' },
    }),
    update: {
      tenant: defineStatement(update(seesAccount(s, 'a', '$7'))),
      platform: defineStatement(update('true')),
    },
  }
}

const updateSchema = versionedUpdateSchema(accountChangesSchema)

export function createAccounts(handle: Handle, statements: AccountStatements): AccountReader & AccountWriter {
  return new PostgresAccounts(handle, statements)
}

class PostgresAccounts implements AccountReader, AccountWriter {
  readonly #handle: Handle
  readonly #sql: AccountStatements

  constructor(handle: Handle, statements: AccountStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<Account | null> {
    return this.#handle.read(() => ({
      call: scoped(this.#handle, this.#sql.get, [validate(idSchema, id)]),
      parse: ([row]) => (row === undefined ? null : readAccount(new RowReader(row))),
    }))
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<Account>> {
    return this.#handle.read(() => {
      const userId = validate(idSchema, request.userId)
      return planPage({
        list: `accounts:${userId}`,
        page: request.page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => scoped(this.#handle, this.#sql.listByUser, [userId, ...after, limit]),
        read: readAccount,
        keyOf: (account) => [account.id],
      })
    })
  }

  insert(account: Account): Promise<void> {
    return this.#handle.write(() => {
      const { id, userId, kind, name, status, createdAt, updatedAt } = parseInsert(accountSchema, account)
      this.#handle.inserted.accounts.push(id)
      const values = [id, userId, kind, name, status, createdAt, updatedAt]
      const parent = { entity: 'user', id: userId } as const
      return {
        ...planInsertUnder(this.#handle, this.#sql.insert, { values, parent }),
        subject: { entity: 'account', id },
      }
    })
  }

  update(change: VersionedUpdate<AccountChanges>): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      const values = [
        id,
        String(expectedVersion),
        updatedAt,
        ...changeParameters(set, 'name', set.name),
        set.status ?? null,
      ]
      return {
        call: scoped(this.#handle, this.#sql.update, values),
        subject: { entity: 'account', id, expectedVersion },
      }
    })
  }
}
