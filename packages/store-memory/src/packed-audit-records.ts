import type { AuditRecord } from '@user-engine/store-protocol'
import { createFieldArrays } from './field-arrays.ts'

/** Audit records, in the order in which they were appended. */
export interface PackedAuditRecords {
  readonly length: number
  append(record: AuditRecord): void
  /** The record at a position, made anew. */
  at(position: number): AuditRecord
  idAt(position: number): string
  /** One field of the record at a position; the record itself is not made. */
  fieldAt(position: number, field: AuditField): string
}

const OFFSETS = { actorType: 3, actorId: 4, action: 5, targetType: 6, targetId: 7, outcome: 8 } as const

export type AuditField = keyof typeof OFFSETS

export function createPackedAuditRecords(): PackedAuditRecords {
  return new AuditFields()
}

const FIELDS = 13
const NO_FIELDS: readonly string[] = Object.freeze([])

class AuditFields implements PackedAuditRecords {
  readonly #fields = createFieldArrays(FIELDS)

  get length(): number {
    return this.#fields.length
  }

  append(record: AuditRecord): void {
    const { array, start } = this.#fields.append()
    const { actor, target } = record
    array[start] = record.id
    array[start + 1] = record.tenantId
    array[start + 2] = record.occurredAt
    array[start + 3] = actor.type
    array[start + 4] = actor.id
    array[start + 5] = record.action
    array[start + 6] = target.type
    array[start + 7] = target.id
    array[start + 8] = record.outcome
    array[start + 9] = record.reason
    array[start + 10] = packFields(record.changedFields)
    array[start + 11] = record.correlationId
    array[start + 12] = record.causationId
  }

  at(position: number): AuditRecord {
    const { array, start } = this.#fields.at(position)
    return Object.freeze({
      id: array[start],
      tenantId: array[start + 1],
      occurredAt: array[start + 2],
      actor: Object.freeze({ type: array[start + 3], id: array[start + 4] }),
      action: array[start + 5],
      target: Object.freeze({ type: array[start + 6], id: array[start + 7] }),
      outcome: array[start + 8],
      reason: array[start + 9],
      changedFields: unpackFields(array[start + 10] as PackedFields),
      correlationId: array[start + 11],
      causationId: array[start + 12],
    } as AuditRecord)
  }

  idAt(position: number): string {
    const { array, start } = this.#fields.at(position)
    return array[start] as string
  }

  fieldAt(position: number, field: AuditField): string {
    const { array, start } = this.#fields.at(position)
    return array[start + OFFSETS[field]] as string
  }
}

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
