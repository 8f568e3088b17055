import {
  isUserEngineError,
  type PostgresCapability,
  type Readiness,
  type ReadinessCheck,
  readinessOf,
} from '@user-engine/store-protocol'
import { createPostgresStore } from '../create-postgres-store.ts'
import { verifySchema } from './verify-schema.ts'

/**
 * Everything that can be looked at from outside: what `verifySchema` finds with the migration login, and what a store that
 * was opened for the purpose says of the runtime and relay logins, the server, the leases and the outbox [MIG-01, CAP-03].
 * Never rejects for what it finds: a login that cannot be used is a finding.
 */
export async function examineCapability(options: {
  readonly capability: PostgresCapability
}): Promise<Readiness> {
  const [migration, serving] = [await examineMigration(options), await examineServing(options)]
  const seen = new Set(migration.map(({ code }) => code))
  return readinessOf([...migration, ...serving.filter(({ code }) => !seen.has(code))])
}

async function examineMigration(options: {
  readonly capability: PostgresCapability
}): Promise<readonly ReadinessCheck[]> {
  try {
    const { checks } = await verifySchema(options)
    return [
      {
        code: 'migration.reachable',
        status: 'pass',
        summary: 'The migration login reaches the server.',
        remedy: null,
      },
      ...checks,
    ]
  } catch (error) {
    return [unusable('migration', error)]
  }
}

async function examineServing({
  capability,
}: {
  readonly capability: PostgresCapability
}): Promise<readonly ReadinessCheck[]> {
  try {
    const store = await createPostgresStore({ capability })
    try {
      return (await store.readiness()).checks
    } finally {
      await store.close()
    }
  } catch (error) {
    return [unusable('runtime', error)]
  }
}

function unusable(role: 'migration' | 'runtime', error: unknown): ReadinessCheck {
  const reason = isUserEngineError(error, 'UNAVAILABLE') ? `: ${error.data.reason}` : ''
  const code = isUserEngineError(error) ? error.code : 'INTERNAL'
  return {
    code: `${role}.reachable`,
    status: 'fail',
    summary: `The ${role} login cannot be used${reason} (${code}).`,
    remedy: 'Check that the server runs, and that the capability and its lease are good.',
  }
}
