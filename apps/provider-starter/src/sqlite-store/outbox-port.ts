import {
  ackRequestSchema,
  claimRequestSchema,
  type DeadLetter,
  deadLetterRequestSchema,
  extendRequestSchema,
  idSchema,
  nackRequestSchema,
  type OutboxPort,
  releaseRequestSchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import type { Connection } from './connection.ts'
import { bury, type DeliveryRow, endOf, eventOf, findDue, inStep, instantOf } from './deliveries.ts'
import { CAPABILITIES } from './manifest.ts'
import { readOutboxStats } from './outbox-stats.ts'
import { readPage } from './pages.ts'
import type { Sync } from './sync-role.ts'

const { maxAttempts, maxBatch, maxLeaseMs } = CAPABILITIES.outbox
const claimSchema = claimRequestSchema.extend({
  limit: claimRequestSchema.shape.limit.max(maxBatch),
  leaseMs: claimRequestSchema.shape.leaseMs.max(maxLeaseMs),
})
const extendSchema = extendRequestSchema.extend({
  leaseMs: extendRequestSchema.shape.leaseMs.max(maxLeaseMs),
})

/** The relay's side of the outbox, over the file beside the domain. */
export function createOutboxPort(beside: Connection): Sync<OutboxPort> {
  return {
    claim(request) {
      const { consumer, limit, leaseMs } = validate(claimSchema, request)
      return inStep(beside, () => {
        buryWornOut(beside)
        beside.run('UPDATE main.counters SET token = token + 1')
        const token = beside.get<{ token: number }>('SELECT token FROM main.counters')?.token ?? 0
        const expires = endOf(leaseMs)
        const due = findDue(beside, limit)
        for (const { position } of due) {
          const sql = `UPDATE main.deliveries SET token = :token, leased_until = :expires, attempts = attempts + 1
            WHERE position = :position`
          beside.run(sql, { token, expires, position })
        }
        const deliveries = due.map((row) => ({ event: eventOf(row), attempt: row.attempts + 1 }))
        return { token, consumer, expiresAt: instantOf(expires), deliveries }
      })
    },
    ack(request) {
      const held = validate(ackRequestSchema, request)
      inStep(beside, () => {
        for (const { position } of requireHeld(beside, held))
          beside.run('DELETE FROM main.deliveries WHERE position = :position', { position })
      })
    },
    extend(request) {
      const held = validate(extendSchema, request)
      return inStep(beside, () => {
        const expires = endOf(held.leaseMs)
        for (const { position } of requireHeld(beside, held)) {
          const sql = 'UPDATE main.deliveries SET leased_until = :expires WHERE position = :position'
          beside.run(sql, { position, expires })
        }
        return { expiresAt: instantOf(expires) }
      })
    },
    nack(request) {
      const held = validate(nackRequestSchema, request)
      return inStep(beside, () => {
        const deadLettered = new Set<string>()
        const due = held.retryAfterMs === 0 ? 0 : endOf(held.retryAfterMs)
        for (const { position, id, attempts } of requireHeld(beside, held)) {
          if (attempts >= maxAttempts) {
            bury(beside, position, held.reason)
            deadLettered.add(id)
            continue
          }
          const sql = `UPDATE main.deliveries SET token = NULL, leased_until = 0, due_at = :due
            WHERE position = :position`
          beside.run(sql, { position, due })
        }
        return { deadLettered: [...deadLettered] }
      })
    },
    release(request) {
      const held = validate(releaseRequestSchema, request)
      inStep(beside, () => {
        for (const { position } of requireHeld(beside, held)) {
          const sql = `UPDATE main.deliveries SET token = NULL, leased_until = 0, due_at = 0, attempts = attempts - 1
            WHERE position = :position`
          beside.run(sql, { position })
        }
      })
    },
    deadLetter(request) {
      const held = validate(deadLetterRequestSchema, request)
      inStep(beside, () => {
        for (const { position } of requireHeld(beside, held)) bury(beside, position, held.reason)
      })
    },
    listDeadLetters: (page) =>
      readPage(
        beside,
        {
          name: 'dead-letters',
          select: `SELECT dead.death, dead.attempts, dead.reason, dead.dead_at, event.doc
            FROM main.deliveries dead JOIN domain.outbox_events event ON event.position = dead.position`,
          where: ['dead.death IS NOT NULL'],
          parameters: {},
          order: [{ column: 'dead.death', type: 'number' }],
        },
        page,
        (row: DeadLetterRow): DeadLetter => ({
          event: eventOf(row),
          attempts: row.attempts,
          reason: row.reason,
          deadAt: instantOf(row.dead_at),
        }),
      ),
    replay({ eventId }) {
      const id = validate(idSchema, eventId)
      inStep(beside, () => {
        const revived = beside.run(
          `UPDATE main.deliveries SET death = NULL, dead_at = NULL, reason = NULL, attempts = 0, due_at = 0
           WHERE id = :id AND death IS NOT NULL`,
          { id },
        )
        if (revived === 0) throw new UserEngineError('NOT_FOUND', { entity: 'outbox-event', id })
      })
    },
    stats: () => inStep(beside, () => readOutboxStats(beside)),
  }
}

interface DeadLetterRow {
  readonly doc: string
  readonly attempts: number
  readonly reason: string
  readonly dead_at: number
}

// Consumers that died of it: their leases ran out, and there is no attempt left [OBX-07].
function buryWornOut(beside: Connection): void {
  const sql = `SELECT position FROM main.deliveries
    WHERE death IS NULL AND attempts >= :maxAttempts AND leased_until <= :now ORDER BY position`
  const parameters = { maxAttempts, now: Date.now() }
  for (const { position } of beside.all<{ position: number }>(sql, parameters))
    bury(beside, position, 'lease expired')
}

/**
 * What a token holds of the named events: the token decides, not the clock. The same event id in two tenants is two
 * events; a token that holds both settles both.
 * @throws UserEngineError `STALE_LEASE` with the events that it does not hold [OBX-03].
 */
function requireHeld(
  beside: Connection,
  { token, eventIds }: { readonly token: number; readonly eventIds: readonly string[] },
): readonly Omit<DeliveryRow, 'doc'>[] {
  const sql = `SELECT position, id, attempts FROM main.deliveries
    WHERE id = :id AND token = :token AND death IS NULL ORDER BY position`
  const ids = [...new Set(eventIds)]
  const held = ids.map((id) => beside.all<Omit<DeliveryRow, 'doc'>>(sql, { id, token }))
  const stale = ids.filter((_, index) => held[index]?.length === 0)
  if (stale.length > 0) throw new UserEngineError('STALE_LEASE', { token, eventIds: stale })
  return held.flat()
}
