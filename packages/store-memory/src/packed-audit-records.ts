import type { AuditRecord } from '@user-engine/store-protocol'

/** Audit records, in the order in which they were appended. */
export interface PackedAuditRecords {
  readonly length: number
  append(record: AuditRecord): void
  /** The record at a position, made anew. */
  at(position: number): AuditRecord
  idAt(position: number): string
}

export function createPackedAuditRecords(): PackedAuditRecords {
  return new FieldArrays()
}

const RECORDS_PER_ARRAY = 256
const FIELDS = 13
const NO_FIELDS: readonly string[] = Object.freeze([])

/**
 * Keeps the fields of many records side by side in one array. A record with its parts is five objects, and a log of them
 * is what the garbage collector of a busy store would mostly be carrying around; audit records are written all the
 * time and read rarely.
 */
class FieldArrays implements PackedAuditRecords {
  readonly #arrays: unknown[][] = []
  #last: unknown[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  append(record: AuditRecord): void {
    const start = (this.#length++ % RECORDS_PER_ARRAY) * FIELDS
    if (start === 0) this.#begin()
    const { actor, target } = record
    const fields = this.#last
    fields[start] = record.id
    fields[start + 1] = record.tenantId
    fields[start + 2] = record.occurredAt
    fields[start + 3] = actor.type
    fields[start + 4] = actor.id
    fields[start + 5] = record.action
    fields[start + 6] = target.type
    fields[start + 7] = target.id
    fields[start + 8] = record.outcome
    fields[start + 9] = record.reason
    fields[start + 10] = packFields(record.changedFields)
    fields[start + 11] = record.correlationId
    fields[start + 12] = record.causationId
  }

  at(position: number): AuditRecord {
    const { array, start } = this.#placeOf(position)
    const [id, tenantId, occurredAt, actorType, actorId, action, targetType, targetId, ...rest] = array.slice(
      start,
      start + FIELDS,
    ) as PackedRecord
    const [outcome, reason, changedFields, correlationId, causationId] = rest
    return Object.freeze({
      id,
      tenantId,
      occurredAt,
      actor: Object.freeze({ type: actorType, id: actorId }),
      action,
      target: Object.freeze({ type: targetType, id: targetId }),
      outcome,
      reason,
      changedFields: unpackFields(changedFields),
      correlationId,
      causationId,
    })
  }

  idAt(position: number): string {
    const { array, start } = this.#placeOf(position)
    return array[start] as string
  }

  /** The first array grows with its records, for there are logs with few; later ones have their length at once. */
  #begin(): void {
    this.#last = this.#arrays.length === 0 ? [] : new Array(RECORDS_PER_ARRAY * FIELDS)
    this.#arrays.push(this.#last)
  }

  #placeOf(position: number): { readonly array: readonly unknown[]; readonly start: number } {
    const array = this.#arrays[Math.floor(position / RECORDS_PER_ARRAY)] ?? []
    return { array, start: (position % RECORDS_PER_ARRAY) * FIELDS }
  }
}

type PackedRecord = [
  id: AuditRecord['id'],
  tenantId: AuditRecord['tenantId'],
  occurredAt: AuditRecord['occurredAt'],
  actorType: AuditRecord['actor']['type'],
  actorId: string,
  action: string,
  targetType: AuditRecord['target']['type'],
  targetId: string,
  outcome: AuditRecord['outcome'],
  reason: AuditRecord['reason'],
  changedFields: PackedFields,
  correlationId: AuditRecord['correlationId'],
  causationId: AuditRecord['causationId'],
]

/** The only field, or all of them. */
type PackedFields = string | readonly string[]

function packFields(fields: readonly string[]): PackedFields {
  const [only] = fields
  if (only === undefined) return NO_FIELDS
  return fields.length === 1 ? only : fields
}

function unpackFields(fields: PackedFields): AuditRecord['changedFields'] {
  // Frozen, whatever the type says: every record that is handed out is.
  return (typeof fields === 'string' ? Object.freeze([fields]) : fields) as AuditRecord['changedFields']
}
