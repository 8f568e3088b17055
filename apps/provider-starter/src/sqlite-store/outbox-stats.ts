import type { OutboxStats } from '@user-engine/store-protocol'
import type { Connection } from './connection.ts'

const MAX_BLOCKED = 20

interface CountsRow {
  readonly pending: number | null
  readonly leased: number | null
  readonly dead: number | null
  readonly oldest: number | null
}

interface BlockedRow {
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly leased_until: number
  readonly waiting: number
}

/** Pending, leased and dead events, the oldest age, and what blocks [OBX-09]. */
export function readOutboxStats(beside: Connection): OutboxStats {
  const now = Date.now()
  const counts = beside.get<CountsRow>(
    `SELECT sum(death IS NULL AND leased_until <= :now) AS pending, sum(death IS NULL AND leased_until > :now) AS leased,
       sum(death IS NOT NULL) AS dead, min(CASE WHEN death IS NULL THEN appended_at END) AS oldest
     FROM main.deliveries`,
    { now },
  )
  return {
    pending: counts?.pending ?? 0,
    leased: counts?.leased ?? 0,
    dead: counts?.dead ?? 0,
    oldestAgeMs: counts == null || counts.oldest === null ? null : Math.max(0, now - counts.oldest),
    blocked: findBlocked(beside, now).map((row) => ({
      aggregateType: row.aggregate_type,
      aggregateId: row.aggregate_id,
      because: row.leased_until > now ? 'leased' : 'waiting-for-retry',
      waiting: row.waiting,
    })),
  }
}

// The first event of an aggregate that is leased or waits for its retry, with how many it keeps back.
function findBlocked(beside: Connection, now: number): readonly BlockedRow[] {
  return beside.all<BlockedRow>(
    `SELECT head.aggregate_type, head.aggregate_id, head.leased_until, (
       SELECT count(*) FROM main.deliveries later
       WHERE later.aggregate_type = head.aggregate_type AND later.aggregate_id = head.aggregate_id
         AND later.position > head.position AND later.death IS NULL AND later.leased_until <= :now) AS waiting
     FROM main.deliveries head
     WHERE head.death IS NULL AND (head.leased_until > :now OR head.due_at > :now) AND waiting > 0 AND NOT EXISTS (
       SELECT 1 FROM main.deliveries earlier
       WHERE earlier.aggregate_type = head.aggregate_type AND earlier.aggregate_id = head.aggregate_id
         AND earlier.position < head.position AND earlier.death IS NULL)
     ORDER BY head.position LIMIT ${MAX_BLOCKED}`,
    { now },
  )
}
