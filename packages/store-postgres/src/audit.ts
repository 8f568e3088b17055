import { hash } from 'node:crypto'
import {
  AUDIT_ORDERS,
  AUDIT_OUTCOMES,
  type AuditAppender,
  type AuditFilter,
  type AuditOrder,
  type AuditReader,
  type AuditRecord,
  actorSchema,
  auditRecordSchema,
  auditTargetSchema,
  type Id,
  idSchema,
  instantSchema,
  type Page,
  type PageRequest,
  type TenantId,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineStatement, type Statement } from './connection/statement.ts'
import { type Handle, planInsert } from './handle.ts'
import type { PlannedAppend } from './session-levels.ts'
import { columns, RowReader } from './sql/columns.ts'
import { type InsertStatements, insertStatements } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { jsonParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

const COLUMNS = [
  'seq',
  'id',
  'tenant_id',
  'occurred_at',
  'actor_type',
  'actor_id',
  'action',
  'target_type',
  'target_id',
  'outcome',
  'reason',
  'changed_fields',
  'correlation_id',
  'causation_id',
]

/** The tenant_id of records and events that belong to the platform. */
export const PLATFORM_KEY = ''

/** A record with its position in the order of commits, which is what cursors hold. */
interface PositionedRecord {
  readonly position: number
  readonly record: AuditRecord
}

function readPositioned(row: RowReader): PositionedRecord {
  const position = row.number()
  const record: AuditRecord = {
    id: row.text(),
    tenantId: row.text() || null,
    occurredAt: row.instant(),
    actor: { type: row.word(), id: row.text() },
    action: row.text(),
    target: { type: row.word(), id: row.text() },
    outcome: row.word(),
    reason: row.textOrNull(),
    changedFields: row.json(),
    correlationId: row.textOrNull(),
    causationId: row.textOrNull(),
  }
  return { position, record }
}

export interface AuditStatements {
  readonly get: Statement
  readonly append: InsertStatements
  readonly preview: Statement
  readonly probe: Statement
  /** The list for one combination of filters; built once per combination. */
  list(filters: readonly string[], order: AuditOrder): Statement
}

const FILTER_SQL: { readonly [name: string]: string } = {
  actor_type: 'r.actor_type = #',
  actor_id: 'r.actor_id = #',
  target_type: 'r.target_type = #',
  target_id: 'r.target_id = #',
  action: 'r.action = #',
  outcome: 'r.outcome = #',
  // Said once more without a parameter, so that a plan for all values can use the index of refusals [QRY-04].
  refusal: `r.outcome = # AND r.outcome <> 'allowed'`,
  from: 'r.occurred_at >= #::timestamptz',
  until: 'r.occurred_at < #::timestamptz',
}

export function auditStatements(s: SchemaName): AuditStatements {
  const select = `SELECT ${columns('r', COLUMNS)} FROM ${s}.audit_records r WHERE ${ofTenant('r.tenant_id', '$1')}`
  const lists = new Map<string, Statement>()
  const buildList = (filters: readonly string[], order: AuditOrder) => {
    const conditions = filters.map(
      (name, index) => ` AND ${(FILTER_SQL[name] ?? '').replace('#', `$${index + 4}`)}`,
    )
    const [comparison, direction] = order === 'oldest-first' ? ['>', 'ASC'] : ['<', 'DESC']
    return defineStatement(
      `${select} AND r.seq ${comparison} $2 ${conditions.join('')} ORDER BY r.seq ${direction} LIMIT $3`,
    )
  }
  return {
    get: defineStatement(`${select} AND r.id = $2`),
    append: insertStatements({
      schema: s,
      table: 'audit_records',
      columns: {
        ...{
          tenant_id: 'text',
          id: 'uuid',
          occurred_at: 'timestamptz',
          actor_type: 'text',
          actor_id: 'text',
        },
        ...{ action: 'text', target_type: 'text', target_id: 'text', outcome: 'text', reason: 'text' },
        ...{ changed_fields: 'jsonb', correlation_id: 'text', causation_id: 'text' },
      },
    }),
    preview: defineStatement(`
      INSERT INTO ${s}.audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id,
        outcome, reason, changed_fields, correlation_id, causation_id, seq) OVERRIDING SYSTEM VALUE
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14)`),
    probe: defineStatement(`
      INSERT INTO ${s}.audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id,
        outcome, changed_fields)
      SELECT r.tenant_id, r.id, r.occurred_at, r.actor_type, r.actor_id, r.action, r.target_type, r.target_id,
        r.outcome, r.changed_fields
      FROM ${s}.audit_records r WHERE ${ofTenant('r.tenant_id', '$1')} AND r.id = $2`),
    list(filters, order) {
      const key = [order, ...filters].join(' ')
      const known = lists.get(key)
      if (known !== undefined) return known
      const statement = buildList(filters, order)
      lists.set(key, statement)
      return statement
    },
  }
}

const filterSchema = z.strictObject({
  actor: actorSchema.optional(),
  target: auditTargetSchema.optional(),
  action: auditRecordSchema.shape.action.optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  from: instantSchema.optional(),
  until: instantSchema.optional(),
})

/**
 * Checks a record and plans its insert.
 * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY` when a tenant scope names another tenant or the platform.
 */
export function planAppend(
  statements: AuditStatements,
  tenantId: TenantId | null,
  record: AuditRecord,
): PlannedAppend {
  const {
    id,
    occurredAt,
    actor,
    action,
    target,
    outcome,
    reason,
    changedFields,
    correlationId,
    causationId,
    ...rest
  } = validate(auditRecordSchema, record)
  if (tenantId !== null && rest.tenantId !== tenantId) {
    throw new UserEngineError('TENANT_BOUNDARY', { entity: 'audit-record' })
  }
  const values = [
    ...[rest.tenantId ?? PLATFORM_KEY, id, occurredAt, actor.type, actor.id, action, target.type, target.id],
    ...[outcome, reason, jsonParameter(changedFields), correlationId, causationId],
  ]
  return {
    ...planInsert(statements.append, values),
    subject: { entity: 'audit-record', id },
    preview: (position) => ({ statement: statements.preview, values: [...values, String(position)] }),
    probe: { statement: statements.probe, values: values.slice(0, 2) },
  }
}

export function createAudit(handle: Handle, statements: AuditStatements): AuditReader & AuditAppender {
  return new PostgresAudit(handle, statements)
}

class PostgresAudit implements AuditReader, AuditAppender {
  readonly #handle: Handle
  readonly #sql: AuditStatements

  constructor(handle: Handle, statements: AuditStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  get(id: Id): Promise<AuditRecord | null> {
    return this.#handle.readAppends(() => ({
      call: { statement: this.#sql.get, values: [this.#tenant(), validate(idSchema, id)] },
      parse: ([row]) => (row === undefined ? null : readPositioned(new RowReader(row)).record),
    }))
  }

  list(request?: {
    readonly filter?: AuditFilter
    readonly order?: AuditOrder
    readonly page?: PageRequest
  }): Promise<Page<AuditRecord>> {
    return this.#handle.readAppends(() => {
      const order = validate(z.enum(AUDIT_ORDERS), request?.order ?? 'oldest-first')
      const filters = filterParameters(validate(filterSchema, request?.filter ?? {}))
      const statement = this.#sql.list(
        filters.map(([name]) => name),
        order,
      )
      const planned = planPage<PositionedRecord>({
        list: `audit:${digest([order, ...filters.flat()])}`,
        page: request?.page,
        start: [order === 'oldest-first' ? 0 : Number.MAX_SAFE_INTEGER],
        call: (after, limit) => ({
          statement,
          values: [this.#tenant(), ...after, limit, ...filters.map(([, value]) => value)],
        }),
        isGoodKey: ([position]) => this.#handle.isKnownPosition(Number(position)),
        read: readPositioned,
        keyOf: ({ position }) => [position],
      })
      return {
        call: planned.call,
        parse: (rows) => {
          const { items, nextCursor } = planned.parse(rows)
          return { items: items.map(({ record }) => record), nextCursor }
        },
      }
    })
  }

  append(record: AuditRecord): Promise<void> {
    return this.#handle.append(() => planAppend(this.#sql, this.#handle.tenantId, record))
  }

  #tenant(): string {
    return this.#handle.tenantId ?? PLATFORM_KEY
  }
}

function filterParameters(
  filter: z.infer<typeof filterSchema>,
): readonly (readonly [name: string, value: string])[] {
  const { actor, target, action, outcome, from, until } = filter
  const given: [string, string | undefined][] = [
    ['actor_id', actor?.id],
    ['actor_type', actor?.type],
    ['target_id', target?.id],
    ['target_type', target?.type],
    ['action', action],
    [outcome === 'allowed' ? 'outcome' : 'refusal', outcome],
    ['from', from],
    ['until', until],
  ]
  return given.filter((pair): pair is [string, string] => pair[1] !== undefined)
}

// Filters may name people; a cursor only has to tell one combination from another.
function digest(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)
}
