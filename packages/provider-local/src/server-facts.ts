import { asAdministrator } from './administration.ts'
import type { AdminConnection } from './backends/backend.ts'
import { ProviderError } from './provider-error.ts'

/** What a provider must know of the server before it provisions there. */
export interface ServerFacts {
  /** For example `18.4`. */
  readonly version: string
  readonly major: number
  /** Since when it runs, in milliseconds since 1970. */
  readonly startedAt: number
  /** Whether the administrator is a superuser. */
  readonly isSuperuser: boolean
}

const OLDEST_MAJOR = 15

/** @throws ProviderError `BACKEND_UNAVAILABLE`, or `NOT_SUPPORTED` for a server that is too old. */
export async function readServerFacts(admin: AdminConnection): Promise<ServerFacts> {
  const facts = await asAdministrator(admin, admin.database, async (client) => {
    const { rows } = await client.query<
      Record<'version' | 'major' | 'started', string> & { superuser: boolean }
    >(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
        current_setting('server_version_num')::int / 10000 AS major,
        floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::text AS started,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`,
    )
    return rows[0]
  })
  if (facts === undefined) {
    throw new ProviderError('BACKEND_UNAVAILABLE', 'The server says nothing about itself: it is no Postgres.')
  }
  const major = Number(facts.major)
  if (major < OLDEST_MAJOR) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The server is Postgres ${facts.version}: ${OLDEST_MAJOR} or newer is needed.`,
    )
  }
  return { version: facts.version, major, startedAt: Number(facts.started), isSuperuser: facts.superuser }
}
