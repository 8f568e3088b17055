import type { ClientBase } from 'pg'

// Instants are read in UTC and ISO style whatever the server's or the role's defaults are [VAL-04].
const OF_EVERY_CONNECTION = { TimeZone: 'UTC', DateStyle: 'ISO, YMD' }

// Where the session is this connection's own, what every transaction would set is set once. Statements keep the one plan
// that is good for all values: a plan per execution costs more than most of them [QRY-04]. A batch without a BEGIN, which
// Postgres takes for a transaction up to its Sync, has the isolation that is the default of the session.
const OF_OWN_SESSION = {
  default_transaction_isolation: 'read committed',
  lock_timeout: '0',
  plan_cache_mode: 'force_generic_plan',
}

/** Makes a new connection ready for transactions. */
export async function prepareConnection(
  client: ClientBase,
  options: { readonly keepsSession: boolean; readonly settings?: Readonly<Record<string, string>> },
): Promise<void> {
  const ofOwnSession = options.keepsSession ? { ...OF_OWN_SESSION, ...options.settings } : {}
  const settings = Object.entries({ ...OF_EVERY_CONNECTION, ...ofOwnSession })
  await client.query(
    `SELECT ${settings.map(([name, value]) => `set_config('${name}', '${value}', false)`).join(', ')}`,
  )
}
