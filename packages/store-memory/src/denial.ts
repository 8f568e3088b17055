import { type AuditRecord, type Scope, tenantOf, UserEngineError } from '@user-engine/store-protocol'
import { acceptChoice } from './accept.ts'
import { acceptAuditRecord, requireAppendable } from './audit.ts'
import type { Engine } from './memory-backend.ts'

/**
 * Appends a denial at once, whatever is open elsewhere: there is nothing to wait for [AUD-03, AUD-04].
 * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY`; `DENIAL_NOT_RECORDED` when the id is taken [AUD-05].
 */
export function recordDenial(engine: Engine, scope: Scope, input: AuditRecord): void {
  const record = acceptAuditRecord(input)
  acceptChoice('outcome', record.outcome, ['denied', 'failed'])
  const { tenantId } = record
  requireAppendable(tenantOf(scope), { entity: 'audit-record', tenantId })
  const tenant = tenantId === null ? null : engine.enter(tenantId)
  const { audit } = tenant ?? engine.platform
  try {
    if (audit.positionOf(record.id) !== undefined) {
      throw new UserEngineError('DENIAL_NOT_RECORDED', { causeCode: 'DUPLICATE_KEY' })
    }
    audit.append(record)
    engine.commits++
  } finally {
    if (tenant !== null) engine.leave(tenant)
  }
}
