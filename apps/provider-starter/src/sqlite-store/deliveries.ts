import type { OutboxEvent } from '@user-engine/store-protocol'
import type { Connection } from './connection.ts'

/** A delivery with its event, for a lease or a dead letter. */
export interface DeliveryRow {
  readonly position: number
  readonly id: string
  readonly attempts: number
  readonly doc: string
}

/** Runs one step of the relay on the file beside the domain: at once, and whole or not at all. */
export function inStep<Result>(beside: Connection, step: () => Result): Result {
  beside.exec('BEGIN IMMEDIATE')
  try {
    takeOver(beside)
    const result = step()
    beside.exec('COMMIT')
    return result
  } catch (error) {
    beside.exec('ROLLBACK')
    throw error
  }
}

/**
 * Makes a delivery of every event that was committed since the last step. A position cannot appear late: events are
 * numbered under the writer's lock, so that the order of numbers is the order of commits [OBX-01].
 */
function takeOver(beside: Connection): void {
  const added = beside.run(`
    INSERT INTO main.deliveries (position, tenant_id, id, aggregate_type, aggregate_id, appended_at)
    SELECT position, tenant_id, id, aggregate_type, aggregate_id, appended_at FROM domain.outbox_events
    WHERE position > (SELECT taken_over FROM main.counters)`)
  if (added > 0)
    beside.run('UPDATE main.counters SET taken_over = (SELECT max(position) FROM domain.outbox_events)')
}

/** Gives up on a delivery, which from now on holds nobody back [OBX-07]. */
export function bury(beside: Connection, position: number, reason: string): void {
  beside.run('UPDATE main.counters SET deaths = deaths + 1')
  beside.run(
    `UPDATE main.deliveries SET death = (SELECT deaths FROM main.counters), dead_at = :now, reason = :reason,
       token = NULL, leased_until = 0 WHERE position = :position`,
    { position, reason, now: Date.now() },
  )
}

/** The next deliveries that may be handed over: none before an earlier one of its aggregate is settled [OBX-05]. */
export function findDue(beside: Connection, limit: number): readonly DeliveryRow[] {
  return beside.all<DeliveryRow>(
    `SELECT due.position, due.id, due.attempts, event.doc
     FROM main.deliveries due JOIN domain.outbox_events event ON event.position = due.position
     WHERE due.death IS NULL AND due.leased_until <= :now AND due.due_at <= :now AND NOT EXISTS (
       SELECT 1 FROM main.deliveries earlier
       WHERE earlier.aggregate_type = due.aggregate_type AND earlier.aggregate_id = due.aggregate_id
         AND earlier.position < due.position AND earlier.death IS NULL
         AND (earlier.leased_until > :now OR earlier.due_at > :now))
     ORDER BY due.position LIMIT :limit`,
    { now: Date.now(), limit },
  )
}

export function eventOf({ doc }: { readonly doc: string }): OutboxEvent {
  return JSON.parse(doc) as OutboxEvent
}

/** When a time from now on is over. The clock counts whole milliseconds: rounded up, a lease never ends early. */
export function endOf(durationMs: number): number {
  return Date.now() + 1 + durationMs
}

export function instantOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
