// What a primary knows of those that follow it: a slot, which keeps the log until they have it, and perhaps their name among
// those that must have a commit before it is acknowledged.
import { setTimeout as delay } from 'node:timers/promises'
import { asAdministrator } from '../../administration.ts'
import { ProviderError } from '../../provider-error.ts'
import type { AdminConnection } from '../backend.ts'

const TIMEOUT_MS = 60_000
const POLL_MS = 10

export async function createSlot(primary: AdminConnection, name: string): Promise<void> {
  await onServer(primary, 'SELECT pg_create_physical_replication_slot($1, true)', [name])
}

/** From now on the primary acknowledges nothing that the standby of this name does not have. */
export async function makeSynchronous(primary: AdminConnection, name: string): Promise<void> {
  await onServer(primary, `ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
  await onServer(primary, 'SELECT pg_reload_conf()')
  await until('The standby did not become synchronous', async () => {
    const query = 'SELECT sync_state AS state FROM pg_stat_replication WHERE application_name = $1'
    return (await onServer(primary, query, [name]))[0]?.['state'] === 'sync'
  })
}

/** Undoes both for a standby that has ended. The primary may be down: then the next start of it does. */
export async function dropSlot(primary: AdminConnection, name: string): Promise<void> {
  try {
    await forgetName(primary, (synchronous) => synchronous === name)
    // The primary notices a moment later that nobody reads from the slot any more.
    await until('The slot of the standby is still in use', async () => {
      await onServer(primary, `${DROP_IDLE_SLOTS} AND slot_name = $1`, [name])
      const left = await onServer(primary, 'SELECT FROM pg_replication_slots WHERE slot_name = $1', [name])
      return left.length === 0
    })
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
  }
}

/** Undoes both for every standby of an earlier process: its primary would keep the log, or its commits, waiting for ever. */
export async function forgetStandbys(primary: AdminConnection): Promise<void> {
  await forgetName(primary, (synchronous) => synchronous.startsWith('standby_'))
  await onServer(primary, DROP_IDLE_SLOTS)
}

/** How far the log has been written. */
export async function logPosition(primary: AdminConnection): Promise<string> {
  const [row] = await onServer(primary, 'SELECT pg_current_wal_lsn()::text AS position')
  return String(row?.['position'])
}

/** Waits until a standby shows what was written up to there. @throws ProviderError `SERVER_FAILED`. */
export async function untilReplayed(standby: AdminConnection, position: string): Promise<void> {
  await until('The standby did not catch up', async () => {
    const query = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached'
    return (await onServer(standby, query, [position]))[0]?.['reached'] === true
  })
}

const DROP_IDLE_SLOTS = `
  SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
  WHERE slot_name LIKE 'standby\\_%' AND NOT active`

async function forgetName(primary: AdminConnection, isForgotten: (name: string) => boolean): Promise<void> {
  const [row] = await onServer(primary, 'SHOW synchronous_standby_names')
  if (!isForgotten(String(row?.['synchronous_standby_names']))) return
  await onServer(primary, 'ALTER SYSTEM RESET synchronous_standby_names')
  await onServer(primary, 'SELECT pg_reload_conf()')
}

async function onServer(
  admin: AdminConnection,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return await asAdministrator(admin, admin.database, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(text, [...values])
    return rows
  })
}

async function until(complaint: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new ProviderError('SERVER_FAILED', `${complaint} within ${TIMEOUT_MS / 1_000} s.`)
    await delay(POLL_MS)
  }
}
