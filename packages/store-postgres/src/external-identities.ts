import {
  type ExternalIdentity,
  type ExternalIdentityReader,
  type ExternalIdentityWriter,
  externalIdentitySchema,
  type Id,
  type IdentityKey,
  identityKeySchema,
  idSchema,
  type Page,
  type PageRequest,
  type ResolvedIdentity,
  type VersionedDelete,
  validate,
  versionedDeleteSchema,
} from '@user-engine/store-protocol'
import { defineStatement } from './connection/statement.ts'
import { type Handle, planInsertUnder, scoped } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { columns, RowReader } from './sql/columns.ts'
import { insertStatementsUnder } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { BEFORE_ALL_IDS } from './sql/parameters.ts'
import { parentUser } from './sql/parent-user.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { seesUser, seesUserId } from './sql/visibility.ts'
import { readUser, userColumns } from './users.ts'

const COLUMNS = ['id', 'user_id', 'issuer', 'subject', 'version', 'created_at', 'updated_at']

function readIdentity(row: RowReader): ExternalIdentity {
  return {
    id: row.text(),
    userId: row.text(),
    issuer: row.text(),
    subject: row.text(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type ExternalIdentityStatements = ReturnType<typeof externalIdentityStatements>

export function externalIdentityStatements(s: SchemaName) {
  const select = `SELECT ${columns('i', COLUMNS)} FROM ${s}.external_identities i`
  const resolve = `
    SELECT ${columns('i', COLUMNS)}, ${userColumns('u')}
    FROM ${s}.external_identities i JOIN ${s}.users u ON u.id = i.user_id
    WHERE i.issuer = $1 AND i.subject = $2`
  const page = 'i.user_id = $1 AND i.id > $2'
  const remove = (condition: string) => `
    WITH changed AS (
      DELETE FROM ${s}.external_identities i WHERE i.id = $1 AND i.version = $2 AND ${condition} RETURNING 1)
    SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('external-identity', $1) END FROM changed`
  return {
    get: {
      tenant: defineStatement(`${select} WHERE i.id = $1 AND ${seesUserId(s, 'i.user_id', '$2')}`),
      platform: defineStatement(`${select} WHERE i.id = $1`),
    },
    resolve: {
      tenant: defineStatement(`${resolve} AND ${seesUser(s, 'u', '$3')}`),
      platform: defineStatement(resolve),
    },
    listByUser: {
      tenant: defineStatement(
        `${select} WHERE ${page} AND ${seesUserId(s, '$1', '$4')} ORDER BY i.id LIMIT $3`,
      ),
      platform: defineStatement(`${select} WHERE ${page} ORDER BY i.id LIMIT $3`),
    },
    insert: insertStatementsUnder(parentUser(s), {
      schema: s,
      table: 'external_identities',
      columns: {
        ...{ id: 'uuid', user_id: 'uuid', issuer: 'text', subject: 'text' },
        ...{ created_at: 'timestamptz', updated_at: 'timestamptz' },
      },
      constants: { version: '1' },
    }),
    delete: {
      tenant: defineStatement(remove(seesUserId(s, 'i.user_id', '$3'))),
      platform: defineStatement(remove('true')),
    },
  }
}

export function createExternalIdentities(
  handle: Handle,
  statements: ExternalIdentityStatements,
): ExternalIdentityReader & ExternalIdentityWriter {
  return new PostgresExternalIdentities(handle, statements)
}

class PostgresExternalIdentities implements ExternalIdentityReader, ExternalIdentityWriter {
  readonly #handle: Handle
  readonly #sql: ExternalIdentityStatements

  constructor(handle: Handle, statements: ExternalIdentityStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<ExternalIdentity | null> {
    return this.#handle.read(() => ({
      call: scoped(this.#handle, this.#sql.get, [validate(idSchema, id)]),
      parse: ([row]) => (row === undefined ? null : readIdentity(new RowReader(row))),
    }))
  }

  resolve(key: IdentityKey): Promise<ResolvedIdentity | null> {
    return this.#handle.read(() => {
      const { issuer, subject } = validate(identityKeySchema, key)
      return {
        call: scoped(this.#handle, this.#sql.resolve, [issuer, subject]),
        parse: ([row]) => {
          if (row === undefined) return null
          const reader = new RowReader(row)
          return { identity: readIdentity(reader), user: readUser(reader) }
        },
      }
    })
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<ExternalIdentity>> {
    return this.#handle.read(() => {
      const userId = validate(idSchema, request.userId)
      return planPage({
        list: `external-identities:${userId}`,
        page: request.page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => scoped(this.#handle, this.#sql.listByUser, [userId, ...after, limit]),
        read: readIdentity,
        keyOf: (identity) => [identity.id],
      })
    })
  }

  insert(identity: ExternalIdentity): Promise<void> {
    return this.#handle.write(() => {
      const { id, userId, issuer, subject, createdAt, updatedAt } = parseInsert(
        externalIdentitySchema,
        identity,
      )
      const values = [id, userId, issuer, subject, createdAt, updatedAt]
      const parent = { entity: 'user', id: userId } as const
      return {
        ...planInsertUnder(this.#handle, this.#sql.insert, { values, parent }),
        subject: { entity: 'external-identity', id },
      }
    })
  }

  delete(removal: VersionedDelete): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion } = validate(versionedDeleteSchema, removal)
      return {
        call: scoped(this.#handle, this.#sql.delete, [id, String(expectedVersion)]),
        subject: { entity: 'external-identity', id, expectedVersion },
      }
    })
  }
}
