import {
  type Diagnostics,
  type OutboxStats,
  type PostgresCapability,
  PROTOCOL_VERSION,
  readDescription,
} from '@user-engine/store-protocol'
import { factStatements, readRoleFacts, readServerFacts } from './facts.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import type { SchemaName } from './sql/schema-name.ts'
import type { StoreConnections } from './store-connections.ts'

interface DiagnosticsInputs {
  readonly schema: SchemaName
  readonly capability: PostgresCapability
  readonly connections: StoreConnections
  readonly errors: Diagnostics['errors']
  readonly outboxStats: () => Promise<OutboxStats>
}

/** A redacted picture of the store: no host, no login, no credential, no value [DIA-01, DIA-02]. Never rejects. */
export async function describeStore(inputs: DiagnosticsInputs): Promise<Diagnostics> {
  const sql = factStatements(inputs.schema)
  const { connections } = inputs
  const found = await connections
    .withConnection('runtime', async (connection) => {
      const [role, server] = await connection.execute([
        { statement: sql.role, values: [] },
        { statement: sql.server, values: [] },
      ])
      const history = await connections.gate.judge(connection)
      return {
        role: readRoleFacts(role),
        server: readServerFacts(server),
        schema: connections.gate.versionOf(history),
      }
    })
    .catch(() => null)
  const description = await readDescription(inputs.capability).catch(() => null)
  const epochs = await connections.epochs.compare().catch(() => null)
  const { role: _login, ...powers } = found?.role ?? { role: null }
  return {
    protocolVersion: PROTOCOL_VERSION,
    store: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    schema: found?.schema ?? null,
    pool: connections.pools.runtime.usage,
    outbox: await inputs.outboxStats().catch(() => null),
    errors: inputs.errors,
    facts: {
      reachable: found !== null,
      server: found === null ? null : { ...found.server },
      runtimeRole: found === null ? null : { ...powers },
      provider: description === null ? null : { ...description.provider },
      pooler: description === null ? null : { ...description.pooler },
      // What the provider names, and what the data is in: they differ from a restore to the next claim [CAP-06].
      epoch: description?.epoch ?? null,
      dataEpoch: epochs?.data ?? null,
    },
  }
}
