// Who provisions the same database at the same time takes turns: changes of one role's or one database's rights do
// not queue up by themselves, they fail.
import type pg from 'pg'
import { asAdministrator } from '../administration.ts'
import type { AdminConnection } from '../backends/backend.ts'
import { errorCode, ProviderError } from '../provider-error.ts'

/**
 * Runs work on the administrator's own database, alone among all who provision the database of this name.
 * @throws ProviderError `NOT_PERMITTED` when the administrator lacks a right.
 */
export async function inTurn<Result>(
  admin: AdminConnection,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  return await asAdministrator(admin, admin.database, async (client) => {
    try {
      await takeTurn(client, database)
      return await work(client)
    } catch (cause) {
      if (errorCode(cause) !== '42501') throw cause
      throw new ProviderError(
        'NOT_PERMITTED',
        `The administrator may not do this (${cause instanceof Error ? cause.message : ''}): use a superuser, or a login with CREATEDB and CREATEROLE that made the roles itself.`,
        { cause },
      )
    }
  })
}

/** Waits until nobody else works on the subject; the turn ends with the connection. */
export async function takeTurn(client: pg.Client, subject: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`user-engine provider: ${subject}`])
}
