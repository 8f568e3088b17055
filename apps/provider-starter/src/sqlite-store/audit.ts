import {
  AUDIT_ORDERS,
  type AuditAppender,
  type AuditFilter,
  type AuditReader,
  type AuditRecord,
  actorSchema,
  auditRecordSchema,
  auditTargetSchema,
  idSchema,
  instantSchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import type { SqlParameters } from './connection.ts'
import { recordOf } from './documents.ts'
import { parsePage, readPage } from './pages.ts'
import type { Sync } from './sync-role.ts'
import { assertOwnTenant, inScope, PLATFORM, type Unit } from './unit.ts'

const filterSchema = z.strictObject({
  actor: actorSchema.optional(),
  target: auditTargetSchema.optional(),
  action: auditRecordSchema.shape.action.optional(),
  outcome: auditRecordSchema.shape.outcome.optional(),
  from: instantSchema.optional(),
  until: instantSchema.optional(),
})
const orderSchema = z.enum(AUDIT_ORDERS)

/** Every record that the connection sees: committed ones, denials of the other file, and its own pending ones. */
const LOG = 'temp.audit_log'

export function auditReader(unit: Unit): Sync<AuditReader> {
  return {
    get(id) {
      const where = inScope(unit, { id: validate(idSchema, id) })
      return recordOf<AuditRecord>(
        unit.connection.get(`SELECT doc FROM ${LOG} WHERE tenant_id = :tenant AND id = :id`, where),
      )
    },
    list({ filter, order, page } = {}) {
      const { where, parameters } = conditionsOf(validate(filterSchema, filter ?? {}) as AuditFilter)
      const isNewestFirst = validate(orderSchema, order ?? 'oldest-first') === 'newest-first'
      return readPage(
        unit.connection,
        {
          name: `audit:${isNewestFirst ? 'newest' : 'oldest'}:${JSON.stringify(parameters)}`,
          select: `SELECT position, doc FROM ${LOG}`,
          where: ['tenant_id = :tenant', ...where],
          parameters: inScope(unit, parameters),
          order: [{ column: 'position', type: 'number' }],
          descending: isNewestFirst,
        },
        parsePage(page),
        (row: { readonly doc: string }) => recordOf<AuditRecord>(row) as AuditRecord,
      )
    },
  }
}

/** Appends for the commit to put in order: who appends first may commit last [AUD-06]. */
export function auditAppender(unit: Unit): Sync<AuditAppender> {
  return {
    append(record) {
      const parsed = validate(auditRecordSchema, record) as AuditRecord
      assertOwnTenant(unit, parsed.tenantId, 'audit-record')
      const row = auditRow(parsed)
      const taken = unit.connection.get(`SELECT 1 FROM ${LOG} WHERE tenant_id = :tenant_id AND id = :id`, row)
      if (taken !== undefined) throw duplicateAuditId()
      unit.connection.run(
        `INSERT INTO temp.pending_audit (tenant_id, id, actor, target, action, outcome, occurred_at, doc)
         VALUES (:tenant_id, :id, :actor, :target, :action, :outcome, :occurred_at, :doc)`,
        row,
      )
    },
  }
}

/** The columns of a record. */
export function auditRow(record: AuditRecord): SqlParameters {
  return {
    tenant_id: record.tenantId ?? PLATFORM,
    id: record.id,
    actor: partyOf(record.actor),
    target: partyOf(record.target),
    action: record.action,
    outcome: record.outcome,
    occurred_at: record.occurredAt,
    doc: JSON.stringify(record),
  }
}

export function duplicateAuditId(): UserEngineError<'DUPLICATE_KEY'> {
  return new UserEngineError('DUPLICATE_KEY', { entity: 'audit-record', key: 'id' })
}

function conditionsOf({ actor, target, action, outcome, from, until }: AuditFilter): {
  readonly where: readonly string[]
  readonly parameters: SqlParameters
} {
  const conditions: readonly (readonly [string, string, string | undefined])[] = [
    ['actor = :actor', 'actor', actor && partyOf(actor)],
    ['target = :target', 'target', target && partyOf(target)],
    ['action = :action', 'action', action],
    ['outcome = :outcome', 'outcome', outcome],
    ['occurred_at >= :from', 'from', from],
    ['occurred_at < :until', 'until', until],
  ]
  const given = conditions.flatMap(([where, name, value]) =>
    value === undefined ? [] : [{ where, name, value }],
  )
  return {
    where: given.map(({ where }) => where),
    parameters: Object.fromEntries(given.map(({ name, value }) => [name, value])),
  }
}

function partyOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type} ${id}`
}
