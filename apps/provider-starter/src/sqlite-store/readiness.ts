import {
  isUserEngineError,
  type OutboxStats,
  type Readiness,
  type ReadinessCheck,
  readinessOf,
} from '@user-engine/store-protocol'
import type { Database } from './database.ts'

/** An event that nobody takes for this long means that no relay is at work. */
const STALLED_MS = 300_000

/** Whether the store may be given work, and if not, why and what to do [MIG-01]. */
export function checkReadiness(database: Database, readStats: () => OutboxStats): Readiness {
  try {
    database.assertReachable()
    return readinessOf([pass('backend.reachable', 'Both files answer.'), ...checkOutbox(readStats())])
  } catch (error) {
    const reason = isUserEngineError(error) ? error.code : 'INTERNAL'
    return readinessOf([
      {
        code: 'backend.reachable',
        status: 'fail',
        summary: `The files cannot be used: ${reason}.`,
        remedy: 'Check that the folder is mounted, writable and not full, and open the store again.',
      },
    ])
  }
}

function checkOutbox({ dead, oldestAgeMs }: OutboxStats): readonly ReadinessCheck[] {
  return [
    dead === 0
      ? pass('outbox.dead-letters', 'There are no dead letters.')
      : warn(
          'outbox.dead-letters',
          `${dead} events were given up on.`,
          'List the dead letters, then replay them.',
        ),
    (oldestAgeMs ?? 0) < STALLED_MS
      ? pass('outbox.moving', 'No event waits for long.')
      : warn('outbox.stalled', 'The oldest event has waited for minutes.', 'Check that a relay is running.'),
  ]
}

function pass(code: string, summary: string): ReadinessCheck {
  return { code, status: 'pass', summary, remedy: null }
}

function warn(code: string, summary: string, remedy: string): ReadinessCheck {
  return { code, status: 'warn', summary, remedy }
}
