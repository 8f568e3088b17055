import { UserEngineError } from '@user-engine/store-protocol'
import { duplicateAuditId } from './audit.ts'
import type { Connection } from './connection.ts'
import { isBusy } from './map-sqlite-error.ts'

/**
 * Commits the writer's transaction and gives its audit records their places, behind everything that is committed. The
 * lock on the other file keeps denials out meanwhile, so that the order of places is the order of commits [AUD-06].
 * @throws UserEngineError `DUPLICATE_KEY` for a denial's id; `OUTCOME_UNKNOWN`.
 */
export function commitWithAudit(
  writer: Connection,
  beside: Connection,
  options: { readonly idempotent: boolean },
): void {
  const pending = writer.all<{ tenant_id: string; id: string }>(
    'SELECT tenant_id, id FROM temp.pending_audit',
  )
  if (pending.length === 0) {
    commit(writer, options)
    return
  }
  beside.exec('BEGIN IMMEDIATE')
  try {
    // The writer sees the denials of the moment in which it began; those since then are seen from beside only.
    for (const { tenant_id, id } of pending) {
      const sql = 'SELECT 1 FROM main.denials WHERE tenant_id = :tenant_id AND id = :id'
      if (beside.get(sql, { tenant_id, id }) !== undefined) throw duplicateAuditId()
    }
    writer.run(
      `INSERT INTO main.audit_records (position, tenant_id, id, actor, target, action, outcome, occurred_at, doc)
       SELECT step + :last, tenant_id, id, actor, target, action, outcome, occurred_at, doc
       FROM temp.pending_audit ORDER BY step`,
      { last: Math.max(lastPlace(writer, 'main.audit_records'), lastPlace(beside, 'main.denials')) },
    )
    commit(writer, options)
  } finally {
    beside.exec('ROLLBACK')
  }
}

// A disk that fails while a commit is written leaves open whether it was [TXN-04].
function commit(writer: Connection, { idempotent }: { readonly idempotent: boolean }): void {
  try {
    writer.exec('COMMIT')
  } catch (error) {
    if (isBusy(error)) throw error
    throw new UserEngineError('OUTCOME_UNKNOWN', { idempotent }, { cause: error })
  }
}

/** The place of the newest record of a log that the connection sees. */
export function lastPlace(connection: Connection, log: string): number {
  return (
    connection.get<{ place: number }>(`SELECT coalesce(max(position), 0) AS place FROM ${log}`)?.place ?? 0
  )
}
