import {
  type PostgresCapability,
  type Readiness,
  type ReadinessCheck,
  readinessOf,
} from '@user-engine/store-protocol'
import { judgeMigrations } from '../migrations/migrate.ts'
import { withMigrationClient } from '../migrations/migration-client.ts'
import { loadMigrations } from '../migrations/migration-files.ts'
import { checkSchema } from '../readiness.ts'
import { lintSchema } from '../schema-lint/lint-schema.ts'
import { parseSchemaName } from '../sql/schema-name.ts'

/** What the linter looks at, and what is said when it finds nothing. Each name begins the codes of its findings. */
const AREAS: { readonly [area: string]: string } = {
  boundary:
    'Row-level security is on, forced, closed and indexable; no function, view, trigger or rule leads around it.',
  audit: 'The engine refuses changes of audit records.',
  access: 'The roles of the capability have the rights they need, and nobody has more.',
  sharding: 'Every key and foreign key of a tenant table contains the tenant.',
  schema: 'All objects are complete and belong to the owner of the schema.',
}

/**
 * Reads, with the migration login, whether the schema is the one that the migrations of this release made: its history, the
 * tenant boundary, the rights, the keys [MIG-05, TEN-06, CAP-02, AUD-01]. It changes nothing and reads no row of the domain.
 * @throws UserEngineError `UNAVAILABLE`.
 */
export async function verifySchema(options: { readonly capability: PostgresCapability }): Promise<Readiness> {
  const history = checkSchema(await judgeMigrations(options, loadMigrations()))
  // The rules are those of this release: about another schema they say nothing.
  if (history.status !== 'pass') return readinessOf([history])
  const findings = await withMigrationClient(options.capability, async (client, { schema, roles }) =>
    lintSchema({
      schema: parseSchemaName(schema),
      roles,
      query: async <Row extends object>(text: string, values: readonly unknown[]) =>
        (await client.query<Row>(text, [...values])).rows,
    }),
  )
  const found = findings.map(({ code, status, summary, remedy }) => ({ code, status, summary, remedy }))
  const clean = Object.entries(AREAS)
    .filter(([area]) => !found.some(({ code }) => code.startsWith(`${area}.`)))
    .map(
      ([area, summary]): ReadinessCheck => ({ code: `${area}.clean`, status: 'pass', summary, remedy: null }),
    )
  return readinessOf([history, ...found, ...clean])
}
