import type { ConnectionLease } from '@user-engine/provider-local'
import pg from 'pg'
import type { WorldSize } from '../data/world.ts'
import { fill, type TemplateCall } from './template.ts'

/** A pool of plain `pg` with a lease of the runtime role. */
export function openPlainPool(lease: ConnectionLease, max: number): pg.Pool {
  const { host, port, database, user, password } = lease
  return new pg.Pool({ host, port, database, user, password, max })
}

/** The same statements, each awaited before the next is sent, named so that they are prepared once. */
export async function runAwaited(
  pool: pg.Pool,
  calls: readonly TemplateCall[],
  options: { readonly pick: { readonly n: number; readonly version: number }; readonly size: WorldSize },
): Promise<void> {
  const client = await pool.connect()
  const filled = fill(calls, options.pick, options.size)
  // What the store sends as one batch needs no BEGIN; statements that are awaited one by one do.
  const isBegun = filled[0]?.text.startsWith('BEGIN') === true
  const whole = isBegun ? filled : [statement('BEGIN'), ...filled, statement('COMMIT')]
  try {
    for (const { text, values } of whole) {
      await client.query({ name: nameOf(text), text, values })
    }
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

function statement(text: string): { readonly text: string; readonly values: string[] } {
  return { text, values: [] }
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const known = names.get(text) ?? `plain_${names.size}`
  names.set(text, known)
  return known
}
