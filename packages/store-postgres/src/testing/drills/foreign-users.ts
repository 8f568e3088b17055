import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'

interface ForeignUsers {
  readonly probes: number
  /** Probes whose transaction has the number of one that inserted a user in the cluster before. */
  readonly overlaps: number
  /** Users that a probe saw. */
  readonly seen: number
}

const PROBES = 300

/** Uses up this many transaction numbers. */
export async function useUpNumbers(database: LocalDatabase, count: number): Promise<void> {
  await database.query(`
    DO $$ BEGIN
      FOR number IN 1..${count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
    END $$`)
}

/**
 * Looks at all users from a tenant that has none, in many transactions, whose numbers run through those that users were
 * inserted under in the cluster before.
 */
export async function countForeignUsers(database: LocalDatabase): Promise<ForeignUsers> {
  const { rows } = await database.query(`
    SELECT created_in::text AS number FROM user_engine.users WHERE created_in > pg_current_xact_id() ORDER BY created_in`)
  const numbers = new Set(rows.map(({ number }) => String(number)))
  const [next] = (await database.query('SELECT pg_current_xact_id()::text AS number')).rows
  await useUpNumbers(database, Math.max(0, Number(rows[0]?.number ?? 0) - Number(next?.number) - 10))
  const { host, port, user, password } = await database.capability.lease('runtime')
  const client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
  let [overlaps, seen] = [0, 0]
  try {
    for (let probe = 0; probe < PROBES; probe += 1) {
      await client.query('BEGIN')
      await client.query(`SELECT set_config('user_engine.scope', 'stranger', true)`)
      const found = await client.query<{ number: string; users: string }>(
        'SELECT pg_current_xact_id()::text AS number, (SELECT count(*) FROM user_engine.users) AS users',
      )
      await client.query('ROLLBACK')
      if (numbers.has(found.rows[0]?.number ?? '')) overlaps += 1
      seen += Number(found.rows[0]?.users)
    }
    return { probes: PROBES, overlaps, seen }
  } finally {
    await client.end()
  }
}
