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
  try {
    for (const { text, values } of fill(calls, options.pick, options.size)) {
      await client.query({ name: nameOf(text), text, values })
    }
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const known = names.get(text) ?? `plain_${names.size}`
  names.set(text, known)
  return known
}
