import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import type { Deadline } from './deadline.ts'
import { isBusy } from './map-sqlite-error.ts'
import type { Slots } from './slots.ts'

/**
 * Begins a transaction when it is this unit's turn: in order within one store, and by asking again among several on one
 * file. SQLite's own waiting would block the process, and with it perhaps the one who holds the lock.
 */
export async function beginTurn(writer: Connection, slots: Slots, deadline: Deadline): Promise<() => void> {
  const free = await slots.take(deadline)
  try {
    for (;;) {
      try {
        writer.exec('BEGIN IMMEDIATE')
        return free
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      await deadline.race(delay(1 + Math.random() * 4))
    }
  } catch (error) {
    free()
    throw error
  }
}
