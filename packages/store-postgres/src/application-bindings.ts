import {
  type ApplicationBinding,
  type ApplicationBindingChanges,
  type ApplicationBindingReader,
  type ApplicationBindingWriter,
  applicationBindingChangesSchema,
  applicationBindingSchema,
  type Id,
  idSchema,
  type Page,
  type PageRequest,
  UserEngineError,
  type VersionedUpdate,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { defineStatement } from './connection/statement.ts'
import type { Handle } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { columns, RowReader } from './sql/columns.ts'
import { planPage } from './sql/keyset-page.ts'
import { BEFORE_ALL_IDS } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

const COLUMNS = [
  'id',
  'tenant_id',
  'application_id',
  'catalog_id',
  'status',
  'version',
  'created_at',
  'updated_at',
]

function readBinding(row: RowReader): ApplicationBinding {
  return {
    id: row.text(),
    tenantId: row.text(),
    applicationId: row.text(),
    catalogId: row.text(),
    status: row.word(),
    version: row.number(),
    createdAt: row.instant(),
    updatedAt: row.instant(),
  }
}

export type ApplicationBindingStatements = ReturnType<typeof applicationBindingStatements>

export function applicationBindingStatements(s: SchemaName) {
  const select = `SELECT ${columns('b', COLUMNS)} FROM ${s}.application_bindings b WHERE ${ofTenant('b.tenant_id', '$1')}`
  return {
    get: defineStatement(`${select} AND b.id = $2`),
    findByApplication: defineStatement(`${select} AND b.application_id = $2`),
    list: defineStatement(`${select} AND b.id > $2 ORDER BY b.id LIMIT $3`),
    insert: defineStatement(`
      INSERT INTO ${s}.application_bindings (tenant_id, id, application_id, catalog_id, status, version, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`),
    update: defineStatement(`
      WITH changed AS (
        UPDATE ${s}.application_bindings b SET
          catalog_id = coalesce($5::uuid, catalog_id), status = coalesce($6, status),
          version = version + 1, updated_at = $4
        WHERE ${ofTenant('b.tenant_id', '$1')} AND b.id = $2 AND b.version = $3 RETURNING 1)
      SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('application-binding', $2) END FROM changed`),
  }
}

const updateSchema = versionedUpdateSchema(applicationBindingChangesSchema)

export function createApplicationBindings(
  handle: Handle,
  statements: ApplicationBindingStatements,
): ApplicationBindingReader & ApplicationBindingWriter {
  return new PostgresApplicationBindings(handle, statements)
}

class PostgresApplicationBindings implements ApplicationBindingReader, ApplicationBindingWriter {
  readonly #handle: Handle
  readonly #sql: ApplicationBindingStatements

  constructor(handle: Handle, statements: ApplicationBindingStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<ApplicationBinding | null> {
    return this.#handle.read(() => ({
      call: { statement: this.#sql.get, values: [this.#tenant(), validate(idSchema, id)] },
      parse: ([row]) => (row === undefined ? null : readBinding(new RowReader(row))),
    }))
  }

  findByApplication(applicationId: Id): Promise<ApplicationBinding | null> {
    return this.#handle.read(() => ({
      call: {
        statement: this.#sql.findByApplication,
        values: [this.#tenant(), validate(idSchema, applicationId)],
      },
      parse: ([row]) => (row === undefined ? null : readBinding(new RowReader(row))),
    }))
  }

  list(page?: PageRequest): Promise<Page<ApplicationBinding>> {
    return this.#handle.read(() =>
      planPage({
        list: 'application-bindings',
        page,
        start: [BEFORE_ALL_IDS],
        call: (after, limit) => ({ statement: this.#sql.list, values: [this.#tenant(), ...after, limit] }),
        read: readBinding,
        keyOf: (binding) => [binding.id],
      }),
    )
  }

  insert(binding: ApplicationBinding): Promise<void> {
    return this.#handle.write(() => {
      const record = parseInsert(applicationBindingSchema, binding)
      const { id, applicationId, catalogId, status, createdAt, updatedAt } = record
      const tenantId = this.#tenant()
      if (record.tenantId !== tenantId)
        throw new UserEngineError('TENANT_BOUNDARY', { entity: 'application-binding' })
      const values = [tenantId, id, applicationId, catalogId, status, createdAt, updatedAt]
      const references = { application: applicationId, catalog: catalogId }
      return {
        call: { statement: this.#sql.insert, values },
        subject: { entity: 'application-binding', id, references },
      }
    })
  }

  update(change: VersionedUpdate<ApplicationBindingChanges>): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      const { catalogId = null, status = null } = set
      const values = [this.#tenant(), id, String(expectedVersion), updatedAt, catalogId, status]
      const references = { catalog: catalogId }
      return {
        call: { statement: this.#sql.update, values },
        subject: { entity: 'application-binding', id, expectedVersion, references },
      }
    })
  }

  #tenant(): string {
    return this.#handle.requireTenant('application-binding')
  }
}
