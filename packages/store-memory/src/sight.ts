import type { AuditRecord, OutboxEvent, OutboxState } from '@user-engine/store-protocol'
import type { AuditLog } from './audit-log.ts'
import type { OutboxLog, OutboxRow } from './outbox-log.ts'
import type { IndexReference, Range } from './record-index.ts'
import type { Table } from './table.ts'
import type { RecordWalk, View } from './view.ts'

/** Everything a unit of work can look at: a snapshot, or what is committed with the unit's own writes over it. */
export interface Sight {
  readonly records: View
  audit(): AuditSight
  outbox(): OutboxSight
  /** Whether this unit of work has added the record itself [TEN-02]. */
  hasAdded<Item>(table: Table<Item>, id: string): boolean
  /** The records of one group that this unit of work has added itself, by key ascending. */
  walkAdded<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): RecordWalk<Item>
}

/** The audit records of the scope. */
export interface AuditSight {
  readonly log: AuditLog
  /** How many committed records are in sight. */
  readonly length: number
  /** The unit's own records; they follow the committed ones. */
  readonly own: readonly AuditRecord[]
}

/** The events of the scope. */
export interface OutboxSight {
  readonly log: OutboxLog
  /** How many committed events are in sight. */
  readonly size: number
  /** Committed events after this sequence are not in sight. */
  readonly lastSequence: number
  /** Events that had not come as far, at the moment that is looked at, as they have by now. */
  readonly images: ReadonlyMap<OutboxRow, DeliveryImage>
  /** The unit's own events; they follow the committed ones. */
  readonly own: readonly OutboxEvent[]
}

/** How far an event had come at the moment that is looked at. */
export interface DeliveryImage {
  readonly state: OutboxState
  readonly attempts: number
}
