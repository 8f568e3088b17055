import {
  type Readiness,
  type ReadinessCheck,
  readinessOf,
  type SchemaVersion,
} from '@user-engine/store-protocol'
import type { OutboxQueue } from './outbox-queue.ts'

/** An event that could have been handed over this long ago, and was not, means that no relay is at work. */
export const STALLED_AFTER_MS = 5 * 60_000

/** There is no schema to migrate: what a process holds was made by the code that reads it. */
export const SCHEMA_VERSION: SchemaVersion = Object.freeze({
  state: 'current',
  expected: 'unmigrated',
  found: 'unmigrated',
})

/** Checks what can be wrong with a store that cannot be unreachable [MIG-01]. */
export function checkReadiness(queue: OutboxQueue): Readiness {
  return readinessOf([...constantChecks(), checkStalled(queue), checkDeadLetters(queue)])
}

function pass(code: string, summary: string): ReadinessCheck {
  return { code, status: 'pass', summary, remedy: null }
}

// Made anew for every caller: what is handed out is the caller's own [SHP-06].
const constantChecks = (): readonly ReadinessCheck[] => [
  pass('backend.reachable', 'The backend is part of this process.'),
  pass('schema.current', 'There is no schema: nothing is ever migrated.'),
  pass('tenancy.store', 'The tenant boundary is enforced by the code of this store alone.'),
  pass('durability.none', 'Nothing is kept beyond the end of this process, as the manifest says.'),
]

function checkStalled(queue: OutboxQueue): ReadinessCheck {
  const dueMs = queue.oldestDueMs()
  if (dueMs === null || dueMs <= STALLED_AFTER_MS) {
    return pass('outbox.stalled', 'No event that is due has waited for long.')
  }
  return {
    code: 'outbox.stalled',
    status: 'warn',
    summary: `The oldest event that is due has waited for ${Math.floor(dueMs / 60_000)} minutes.`,
    remedy: 'Check that a relay is running and that its sink accepts events.',
  }
}

function checkDeadLetters(queue: OutboxQueue): ReadinessCheck {
  const { dead } = queue.stats()
  if (dead === 0) return pass('outbox.dead-letters', 'There are no dead letters.')
  return {
    code: 'outbox.dead-letters',
    status: 'warn',
    summary: `${dead} events are in the dead letters.`,
    remedy: 'Look at outbox.listDeadLetters(), remove the cause, and replay them.',
  }
}
