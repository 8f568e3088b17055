import {
  type Diagnostics,
  type OutboxStats,
  type PostgresCapability,
  PROTOCOL_VERSION,
  readDescription,
} from '@user-engine/store-protocol'
import type { Connection } from './connection/connection.ts'
import type { PoolUsage } from './connection/connection-pool.ts'
import type { EpochFinding } from './epochs/epoch-keeper.ts'
import { factStatements, readRoleFacts, readServerFacts } from './facts.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import type { SchemaGate } from './schema-version.ts'
import type { SchemaName } from './sql/schema-name.ts'

interface DiagnosticsInputs {
  readonly schema: SchemaName
  readonly capability: PostgresCapability
  readonly gate: SchemaGate
  readonly pool: PoolUsage
  readonly errors: Diagnostics['errors']
  readonly withConnection: <Result>(
    role: 'runtime' | 'relay',
    work: (connection: Connection) => Promise<Result>,
  ) => Promise<Result>
  readonly compareEpochs: () => Promise<EpochFinding>
  readonly outboxStats: () => Promise<OutboxStats>
}

/** A redacted picture of the store: no host, no login, no credential, no value [DIA-01, DIA-02]. Never rejects. */
export async function describeStore(inputs: DiagnosticsInputs): Promise<Diagnostics> {
  const sql = factStatements(inputs.schema)
  const found = await inputs
    .withConnection('runtime', async (connection) => {
      const [role, server] = await connection.execute([
        { statement: sql.role, values: [] },
        { statement: sql.server, values: [] },
      ])
      const history = await inputs.gate.judge(connection)
      return {
        role: readRoleFacts(role),
        server: readServerFacts(server),
        schema: inputs.gate.versionOf(history),
      }
    })
    .catch(() => null)
  const description = await readDescription(inputs.capability).catch(() => null)
  const epochs = await inputs.compareEpochs().catch(() => null)
  const { role: _login, ...powers } = found?.role ?? { role: null }
  return {
    protocolVersion: PROTOCOL_VERSION,
    store: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    schema: found?.schema ?? null,
    pool: inputs.pool,
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
