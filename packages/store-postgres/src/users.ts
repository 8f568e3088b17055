import {
  type Id,
  idSchema,
  type Page,
  type PageRequest,
  type User,
  type UserChanges,
  type UserReader,
  type UserWriter,
  userChangesSchema,
  userSchema,
  type VersionedUpdate,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { defineStatement, type StatementCall } from './connection/statement.ts'
import { type Handle, planInsert, scoped } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { columns, RowReader } from './sql/columns.ts'
import { insertStatements } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { BEFORE_ALL_IDS, changeParameters, idArrayParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant, seesUser } from './sql/visibility.ts'

const COLUMNS = ['id', 'kind', 'display_name', 'status', 'version', 'created_at', 'updated_at'] as const

/** The columns of a user, for joins. */
export const USER_COLUMN_COUNT = COLUMNS.length

export function userColumns(alias: string): string {
  return columns(alias, COLUMNS)
}

/** Reads a user from the columns of {@link userColumns}. */
export function readUser(row: RowReader): User {
  return {
    id: row.text(),
    kind: row.word(),
    displayName: row.textOrNull(),
    status: row.word(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type UserStatements = ReturnType<typeof userStatements>

export function userStatements(s: SchemaName) {
  const select = `SELECT ${userColumns('u')} FROM ${s}.users u`
  const update = (condition: string) => `
    WITH changed AS (
      UPDATE ${s}.users u SET
        display_name = CASE WHEN $4::boolean THEN $5 ELSE display_name END,
        status = coalesce($6, status), version = version + 1, updated_at = $3
      WHERE u.id = $1 AND u.version = $2 AND ${condition} RETURNING 1)
    SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('user', $1) END FROM changed`
  return {
    get: {
      tenant: defineStatement(`${select} WHERE u.id = $1 AND ${seesUser(s, 'u', '$2')}`),
      platform: defineStatement(`${select} WHERE u.id = $1`),
    },
    // Driven by the tenant's own index, so that a page costs a page however many users the platform has [QRY-04].
    list: {
      tenant: defineStatement(`
        SELECT ${userColumns('u')} FROM (
          SELECT DISTINCT ta.user_id FROM ${s}.tenant_accounts ta
          WHERE ${ofTenant('ta.tenant_id', '$3')} AND ta.user_id > $1 ORDER BY ta.user_id LIMIT $2) member
        JOIN ${s}.users u ON u.id = member.user_id ORDER BY u.id`),
      platform: defineStatement(`${select} WHERE u.id > $1 ORDER BY u.id LIMIT $2`),
    },
    // The same with the users that this transaction inserted and has not yet given a tenant account.
    listWithInserted: defineStatement(`
      SELECT ${userColumns('u')} FROM (
        (SELECT DISTINCT ta.user_id FROM ${s}.tenant_accounts ta
          WHERE ${ofTenant('ta.tenant_id', '$4')} AND ta.user_id > $1 ORDER BY ta.user_id LIMIT $2)
        UNION SELECT own.id FROM unnest($3::uuid[]) own(id) WHERE own.id > $1) member
      JOIN ${s}.users u ON u.id = member.user_id ORDER BY u.id LIMIT $2`),
    insert: insertStatements({
      schema: s,
      table: 'users',
      columns: {
        ...{ id: 'uuid', kind: 'text', display_name: 'text', status: 'text' },
        ...{ created_at: 'timestamptz', updated_at: 'timestamptz' },
      },
      constants: { version: '1' },
    }),
    update: {
      tenant: defineStatement(update(seesUser(s, 'u', '$7'))),
      platform: defineStatement(update('true')),
    },
  }
}

const updateSchema = versionedUpdateSchema(userChangesSchema)

export function createUsers(handle: Handle, statements: UserStatements): UserReader & UserWriter {
  return new PostgresUsers(handle, statements)
}

class PostgresUsers implements UserReader, UserWriter {
  readonly #handle: Handle
  readonly #sql: UserStatements

  constructor(handle: Handle, statements: UserStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<User | null> {
    return this.#handle.read(() => ({
      call: scoped(this.#handle, this.#sql.get, [validate(idSchema, id)]),
      parse: ([row]) => (row === undefined ? null : readUser(new RowReader(row))),
    }))
  }

  list(page?: PageRequest): Promise<Page<User>> {
    return this.#handle.read(() =>
      planPage({
        list: 'users',
        page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => this.#listAfter([...after, limit]),
        read: readUser,
        keyOf: (user) => [user.id],
      }),
    )
  }

  #listAfter(values: string[]): StatementCall {
    const { tenantId, inserted } = this.#handle
    if (tenantId === null || inserted.users.length === 0) return scoped(this.#handle, this.#sql.list, values)
    return {
      statement: this.#sql.listWithInserted,
      values: [...values, idArrayParameter(inserted.users), tenantId],
    }
  }

  insert(user: User): Promise<void> {
    return this.#handle.write(() => {
      const { id, kind, displayName, status, createdAt, updatedAt } = parseInsert(userSchema, user)
      this.#handle.inserted.users.push(id)
      const values = [id, kind, displayName, status, createdAt, updatedAt]
      return { ...planInsert(this.#sql.insert, values), subject: { entity: 'user', id } }
    })
  }

  update(change: VersionedUpdate<UserChanges>): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      const name = changeParameters(set, 'displayName', set.displayName)
      const values = [id, String(expectedVersion), updatedAt, ...name, set.status ?? null]
      return {
        call: scoped(this.#handle, this.#sql.update, values),
        subject: { entity: 'user', id, expectedVersion },
      }
    })
  }
}
