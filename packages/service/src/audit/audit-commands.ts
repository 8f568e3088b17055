import type { AuditRecord, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { RecordInput } from '../commands/record-input.ts'
import { getAuditRecord } from './get-audit-record.ts'
import { type ListAuditRecordsInput, listAuditRecords } from './list-audit-records.ts'

/** Reads the audit log of the scope: the tenant's, or the platform's own [AUD-06, TEN-01]. */
export interface AuditCommands {
  /** The records of the scope in the order of their commit, or the reverse; every given filter must match [AUD-06, QRY-01]. */
  list(context: CommandContext, input?: ListAuditRecordsInput): Promise<Page<AuditRecord>>
  /** The record with this id, or `null` when the scope has none. */
  get(context: CommandContext, input: RecordInput): Promise<AuditRecord | null>
}

export function createAuditCommands(runner: CommandRunner): AuditCommands {
  return {
    list: (context, input = {}) => runner.runQuery(listAuditRecords, context, input),
    get: (context, input) => runner.runQuery(getAuditRecord, context, input),
  }
}
