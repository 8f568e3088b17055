import {
  type Id,
  idSchema,
  keySchema,
  type Page,
  type PageRequest,
  PROFILE_LEVELS,
  type ProfileScope,
  type ProfileValue,
  type ProfileValueChanges,
  type ProfileValueKey,
  type ProfileValueReader,
  type ProfileValueWriter,
  type Provenance,
  profileScopeSchema,
  profileValueChangesSchema,
  profileValueSchema,
  type TenantId,
  UserEngineError,
  type VersionedDelete,
  type VersionedUpdate,
  validate,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineStatement, type Parameter } from './connection/statement.ts'
import { type Handle, planInsertUnder, scoped } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import type { PlannedWrite } from './session-levels.ts'
import { columns, RowReader } from './sql/columns.ts'
import { insertStatementsUnder } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { jsonParameter } from './sql/parameters.ts'
import { parentUser } from './sql/parent-user.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant, seesUserId } from './sql/visibility.ts'

const VALUE_COLUMNS = [
  'id',
  'user_id',
  'attribute_key',
  'value',
  'provenance',
  'version',
  'created_at',
  'updated_at',
]

// The scope comes first: null, null is global; a tenant alone is the tenant's; both is an application's within it.
const globalColumns = (alias: string) => `NULL::text, NULL::uuid, ${columns(alias, VALUE_COLUMNS)}`
const tenantColumns = (alias: string) => columns(alias, ['tenant_id', 'application_id', ...VALUE_COLUMNS])

function readProfileValue(row: RowReader): ProfileValue {
  return createValueReader()(row)
}

/** Reads the values of one page: most of them come from one source, and the same text is read once. */
function createValueReader(): (row: RowReader) => ProfileValue {
  const provenances = new Map<string, Provenance>()
  const provenanceOf = (text: string): Provenance => {
    const known = provenances.get(text)
    if (known !== undefined) return known
    const provenance = JSON.parse(text) as Provenance
    provenances.set(text, provenance)
    return provenance
  }
  return (row) => {
    const scope = scopeOf(row.textOrNull(), row.textOrNull())
    return {
      id: row.text(),
      userId: row.text(),
      scope,
      attributeKey: row.text(),
      value: row.json(),
      provenance: provenanceOf(row.text()),
      version: row.number(),
      createdAt: row.instant(),
      updatedAt: row.instant(),
    }
  }
}

function scopeOf(tenantId: string | null, applicationId: string | null): ProfileScope {
  if (tenantId === null) return { level: 'global' }
  return applicationId === null
    ? { level: 'tenant', tenantId }
    : { level: 'application', tenantId, applicationId }
}

export type ProfileValueStatements = ReturnType<typeof profileValueStatements>

export function profileValueStatements(s: SchemaName) {
  const inTenant = ofTenant('v.tenant_id', '$1')
  // In the list: $2 user, $3 and $4 the key after which the page starts, $5 the limit, $6 the application.
  const after = (rank: string) => `(v.attribute_key, ${rank}) > ($3, $4::integer)`
  const rank = 'CASE WHEN v.application_id IS NULL THEN 1 ELSE 2 END'
  const globalPart = (condition: string) => `
    (SELECT ${globalColumns('v')}, 0 AS level_rank FROM ${s}.global_profile_values v
     WHERE v.user_id = $2 AND ${after('0')} AND ${condition} ORDER BY v.attribute_key LIMIT $5)`
  const returningMissing = (entity: string) =>
    `SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_change('${entity}', $2) END FROM changed`
  const setValue = 'SET value = $5::jsonb, provenance = $6::jsonb, version = version + 1, updated_at = $4'
  const updateGlobal = (condition: string) => `
    WITH changed AS (
      UPDATE ${s}.global_profile_values v ${setValue}
      WHERE v.id = $2 AND v.version = $3 AND ${condition} RETURNING 1)
    ${returningMissing('global-profile-value')}`
  const deleteGlobal = (condition: string) => `
    WITH changed AS (
      DELETE FROM ${s}.global_profile_values v WHERE v.id = $2 AND v.version = $3 AND ${condition} RETURNING 1)
    ${returningMissing('global-profile-value')}`
  const content = {
    attribute_key: 'text',
    value: 'jsonb',
    provenance: 'jsonb',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
  } as const
  return {
    findGlobal: {
      tenant: defineStatement(`
        SELECT ${globalColumns('v')} FROM ${s}.global_profile_values v
        WHERE v.user_id = $1 AND v.attribute_key = $2 AND ${seesUserId(s, '$1', '$3')}`),
      platform: defineStatement(`
        SELECT ${globalColumns('v')} FROM ${s}.global_profile_values v WHERE v.user_id = $1 AND v.attribute_key = $2`),
    },
    findInTenant: defineStatement(`
      SELECT ${tenantColumns('v')} FROM ${s}.tenant_profile_values v
      WHERE ${inTenant} AND v.user_id = $2 AND v.attribute_key = $3 AND v.application_id IS NOT DISTINCT FROM $4::uuid`),
    listInTenant: defineStatement(`
      SELECT * FROM (
        ${globalPart(seesUserId(s, '$2', '$1'))}
        UNION ALL
        (SELECT ${tenantColumns('v')}, ${rank} AS level_rank FROM ${s}.tenant_profile_values v
         WHERE ${inTenant} AND v.user_id = $2 AND (v.application_id IS NULL OR v.application_id = $6::uuid)
           AND v.attribute_key >= $3 AND ${after(rank)}
         ORDER BY v.attribute_key, level_rank LIMIT $5)) merged
      ORDER BY attribute_key, level_rank LIMIT $5`),
    listGlobal: defineStatement(globalPart('$1::text IS NULL')),
    insertGlobal: insertStatementsUnder(parentUser(s), {
      schema: s,
      table: 'global_profile_values',
      columns: { id: 'uuid', user_id: 'uuid', ...content },
      constants: { version: '1' },
    }),
    insertInTenant: insertStatementsUnder(parentUser(s), {
      schema: s,
      table: 'tenant_profile_values',
      columns: { tenant_id: 'text', id: 'uuid', user_id: 'uuid', application_id: 'uuid', ...content },
      constants: { version: '1' },
    }),
    updateGlobal: {
      tenant: defineStatement(updateGlobal(seesUserId(s, 'v.user_id', '$1'))),
      platform: defineStatement(updateGlobal('$1::text IS NULL')),
    },
    updateInTenant: defineStatement(`
      WITH changed AS (
        UPDATE ${s}.tenant_profile_values v ${setValue}
        WHERE ${inTenant} AND v.id = $2 AND v.version = $3 RETURNING 1)
      ${returningMissing('profile-value')}`),
    deleteGlobal: {
      tenant: defineStatement(deleteGlobal(seesUserId(s, 'v.user_id', '$1'))),
      platform: defineStatement(deleteGlobal('$1::text IS NULL')),
    },
    deleteInTenant: defineStatement(`
      WITH changed AS (
        DELETE FROM ${s}.tenant_profile_values v
        WHERE ${inTenant} AND v.id = $2 AND v.version = $3 RETURNING 1)
      ${returningMissing('profile-value')}`),
  }
}

const levelSchema = z.enum(PROFILE_LEVELS)
const updateSchema = versionedUpdateSchema(profileValueChangesSchema).extend({ level: levelSchema })
const deleteSchema = versionedDeleteSchema.extend({ level: levelSchema })
const findSchema = z.object({ userId: idSchema, scope: profileScopeSchema, attributeKey: keySchema })

export function createProfileValues(
  handle: Handle,
  statements: ProfileValueStatements,
): ProfileValueReader & ProfileValueWriter {
  return new PostgresProfileValues(handle, statements)
}

class PostgresProfileValues implements ProfileValueReader, ProfileValueWriter {
  readonly #handle: Handle
  readonly #sql: ProfileValueStatements

  constructor(handle: Handle, statements: ProfileValueStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  find(key: ProfileValueKey): Promise<ProfileValue | null> {
    return this.#handle.read(() => {
      const { userId, scope, attributeKey } = validate(findSchema, key)
      const isGlobal = scope.level === 'global'
      const { tenantId } = this.#handle
      const isElsewhere = !isGlobal && scope.tenantId !== tenantId
      const applicationId = scope.level === 'application' ? scope.applicationId : null
      return {
        call: isGlobal
          ? scoped(this.#handle, this.#sql.findGlobal, [userId, attributeKey])
          : { statement: this.#sql.findInTenant, values: [tenantId, userId, attributeKey, applicationId] },
        parse: ([row]) => (row === undefined || isElsewhere ? null : readProfileValue(new RowReader(row))),
      }
    })
  }

  listByUser(request: {
    readonly userId: Id
    readonly applicationId?: Id
    readonly page?: PageRequest
  }): Promise<Page<ProfileValue>> {
    return this.#handle.read(() => {
      const userId = validate(idSchema, request.userId)
      const applicationId =
        request.applicationId === undefined ? null : validate(idSchema, request.applicationId)
      const { tenantId } = this.#handle
      return planPage<ProfileValue>({
        list: `profile-values:${userId}:${applicationId ?? ''}`,
        page: request.page,
        start: ['', -1],
        call: (after, limit) => {
          const values = [tenantId, userId, ...after, limit]
          return tenantId === null
            ? { statement: this.#sql.listGlobal, values }
            : { statement: this.#sql.listInTenant, values: [...values, applicationId] }
        },
        read: createValueReader(),
        keyOf: ({ attributeKey, scope }) => [attributeKey, PROFILE_LEVELS.indexOf(scope.level)],
      })
    })
  }

  insert(value: ProfileValue): Promise<void> {
    return this.#handle.write(() => {
      const record = parseInsert(profileValueSchema, value)
      const { id, userId, scope, attributeKey, createdAt, updatedAt } = record
      const content = [jsonParameter(record.value), jsonParameter(record.provenance), createdAt, updatedAt]
      const parent = { entity: 'user', id: userId } as const
      if (scope.level === 'global') {
        const values = [id, userId, attributeKey, ...content]
        return {
          ...planInsertUnder(this.#handle, this.#sql.insertGlobal, { values, parent }),
          subject: { entity: 'profile-value', id },
        }
      }
      const tenantId = this.#requireTenantOf(scope)
      const applicationId = scope.level === 'application' ? scope.applicationId : null
      const values = [tenantId, id, userId, applicationId, attributeKey, ...content]
      return {
        ...planInsertUnder(this.#handle, this.#sql.insertInTenant, { values, parent }),
        subject: { entity: 'profile-value', id, references: { application: applicationId } },
      }
    })
  }

  update(
    change: VersionedUpdate<ProfileValueChanges> & { readonly level: ProfileScope['level'] },
  ): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, set, updatedAt, level } = validate(updateSchema, change)
      const values = [
        id,
        String(expectedVersion),
        updatedAt,
        jsonParameter(set.value),
        jsonParameter(set.provenance),
      ]
      return this.#planChange(level, values, { id, expectedVersion, sql: 'update' })
    })
  }

  delete(removal: VersionedDelete & { readonly level: ProfileScope['level'] }): Promise<void> {
    return this.#handle.write(() => {
      const { id, expectedVersion, level } = validate(deleteSchema, removal)
      return this.#planChange(level, [id, String(expectedVersion)], { id, expectedVersion, sql: 'delete' })
    })
  }

  #planChange(
    level: ProfileScope['level'],
    values: readonly Parameter[],
    target: { readonly id: Id; readonly expectedVersion: number; readonly sql: 'update' | 'delete' },
  ): PlannedWrite {
    const { id, expectedVersion, sql } = target
    const { tenantId } = this.#handle
    const ofGlobal = sql === 'update' ? this.#sql.updateGlobal : this.#sql.deleteGlobal
    const inTenant = sql === 'update' ? this.#sql.updateInTenant : this.#sql.deleteInTenant
    if (level !== 'global') this.#handle.requireTenant('profile-value')
    const globalStatement = tenantId === null ? ofGlobal.platform : ofGlobal.tenant
    return {
      call: { statement: level === 'global' ? globalStatement : inTenant, values: [tenantId, ...values] },
      subject: { entity: 'profile-value', id, expectedVersion },
    }
  }

  #requireTenantOf(scope: { readonly tenantId: TenantId }): TenantId {
    const tenantId = this.#handle.requireTenant('profile-value')
    if (scope.tenantId !== tenantId) throw new UserEngineError('TENANT_BOUNDARY', { entity: 'profile-value' })
    return tenantId
  }
}
