import {
  type AuditRecord,
  auditRecordSchema,
  isUserEngineError,
  parseScope,
  type Scope,
  tenantOf,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import { auditRow, duplicateAuditId } from './audit.ts'
import { lastPlace } from './audit-order.ts'
import type { Connection } from './connection.ts'
import { assertOwnTenant } from './unit.ts'

/**
 * Makes a denial durable in the file beside the domain, whose lock no unit of work holds [AUD-03, AUD-04].
 * @throws UserEngineError `SCOPE_INVALID`; `VALIDATION`; `TENANT_BOUNDARY`; `DUPLICATE_KEY`; `DENIAL_NOT_RECORDED` [AUD-05].
 */
export function recordDenial(beside: Connection, scope: Scope, record: AuditRecord): void {
  const tenantId = tenantOf(parseScope(scope))
  const parsed = validate(auditRecordSchema, record) as AuditRecord
  if (parsed.outcome === 'allowed') {
    throw new UserEngineError('VALIDATION', { issues: [{ path: 'outcome', expected: 'denied or failed' }] })
  }
  assertOwnTenant({ connection: beside, tenantId }, parsed.tenantId, 'audit-record')
  try {
    insertDenial(beside, parsed)
  } catch (error) {
    if (isUserEngineError(error, 'DUPLICATE_KEY')) throw error
    const data = isUserEngineError(error) ? { causeCode: error.code } : {}
    throw new UserEngineError('DENIAL_NOT_RECORDED', data, { cause: error })
  }
}

function insertDenial(beside: Connection, record: AuditRecord): void {
  const row = auditRow(record)
  beside.exec('BEGIN IMMEDIATE')
  try {
    for (const log of ['main.denials', 'domain.audit_records']) {
      const sql = `SELECT 1 FROM ${log} WHERE tenant_id = :tenant_id AND id = :id`
      if (beside.get(sql, row) !== undefined) throw duplicateAuditId()
    }
    const last = Math.max(lastPlace(beside, 'main.denials'), lastPlace(beside, 'domain.audit_records'))
    beside.run(
      `INSERT INTO main.denials (position, tenant_id, id, actor, target, action, outcome, occurred_at, doc)
       VALUES (:position, :tenant_id, :id, :actor, :target, :action, :outcome, :occurred_at, :doc)`,
      { ...row, position: last + 1 },
    )
    beside.exec('COMMIT')
  } catch (error) {
    beside.exec('ROLLBACK')
    throw error
  }
}
