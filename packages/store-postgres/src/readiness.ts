import {
  isUserEngineError,
  type Readiness,
  type ReadinessCheck,
  readinessOf,
} from '@user-engine/store-protocol'
import { MAX_TIMEOUT_MS } from './capabilities.ts'
import type { EpochFinding } from './epochs/epoch-keeper.ts'
import {
  factStatements,
  type RoleFacts,
  readPartitions,
  readRoleFacts,
  readServerFacts,
  readUnprotectedTables,
  type ServerFacts,
} from './facts.ts'
import type { HistoryFinding } from './migrations/ledger.ts'
import type { Span } from './outbox-partitions/partition-sql.ts'
import type { OutboxLag } from './outbox-port.ts'
import type { SchemaName } from './sql/schema-name.ts'
import type { StoreConnections } from './store-connections.ts'

export const OLDEST_SUPPORTED_SERVER = 150_000
const OUTBOX_STALLED_AFTER_MS = 5 * 60_000

interface ReadinessInputs {
  readonly schema: SchemaName
  readonly connections: StoreConnections
  readonly outboxLag: () => Promise<OutboxLag>
}

/** Looks at everything the store depends on [MIG-01, CAP-02, CAP-03]. Never rejects. */
export async function checkReadiness(inputs: ReadinessInputs): Promise<Readiness> {
  const [runtime, relay] = await Promise.all([
    guarded('runtime', () => checkRuntime(inputs)),
    guarded('relay', () => checkRelay(inputs)),
  ])
  return readinessOf([...runtime, ...relay, ...checkLeases(inputs)])
}

async function guarded(
  role: 'runtime' | 'relay',
  check: () => Promise<readonly ReadinessCheck[]>,
): Promise<readonly ReadinessCheck[]> {
  try {
    return await check()
  } catch (error) {
    const reason = isUserEngineError(error, 'UNAVAILABLE') ? error.data.reason : 'failed'
    const code = isUserEngineError(error) ? error.code : 'INTERNAL'
    return [
      fail(
        `${role}.reachable`,
        `The ${role} login cannot be used: ${reason} (${code}).`,
        'Check that the server runs and that the lease is good.',
      ),
    ]
  }
}

async function checkRuntime(inputs: ReadinessInputs): Promise<readonly ReadinessCheck[]> {
  const sql = factStatements(inputs.schema)
  const facts = await inputs.connections.withConnection('runtime', async (connection) => {
    const wanted = [sql.leakedScope, sql.role, sql.server, sql.unprotected, sql.partitions]
    const calls = wanted.map((statement) => ({ statement, values: [] }))
    const [leaked, role, server, unprotected, partitions] = await connection.execute(calls)
    return {
      hasLeaked: leaked?.rows[0]?.[0] === 't',
      role: readRoleFacts(role),
      server: readServerFacts(server),
      unprotected: readUnprotectedTables(unprotected),
      partitions: readPartitions(partitions),
      history: await inputs.connections.gate.judge(connection),
    }
  })
  return [
    pass('runtime.reachable', 'The runtime login reaches the server.'),
    ...checkServer(facts.server),
    checkSchema(facts.history),
    ...checkRole('runtime', facts.role),
    facts.unprotected.length === 0
      ? pass('tenancy.enforced', 'Every table enforces row-level security, also for its owner.')
      : fail(
          'tenancy.enforced',
          `Row-level security is incomplete: ${facts.unprotected.map(({ table, missing }) => `${table} (${missing})`).join(', ')}.`,
          'Restore the policies: run the migrations on a schema that nobody else changes.',
        ),
    checkPartitions(facts.partitions),
    facts.hasLeaked
      ? fail(
          'tenancy.context-leak',
          'A tenant scope was found outside of a transaction.',
          'Something sets user_engine.scope per session: remove it.',
        )
      : pass('tenancy.context-leak', 'No tenant scope outlives its transaction.'),
  ]
}

async function checkRelay(inputs: ReadinessInputs): Promise<readonly ReadinessCheck[]> {
  const sql = factStatements(inputs.schema)
  const role = await inputs.connections.withConnection('relay', async (connection) => {
    const [result] = await connection.execute([{ statement: sql.role, values: [] }])
    return readRoleFacts(result)
  })
  const reachable = [
    pass('relay.reachable', 'The relay login reaches the server.'),
    ...checkRole('relay', role),
  ]
  // Without a schema there is neither; what is wrong with the schema is said elsewhere.
  const [lag, epochs] = await Promise.all([
    inputs.outboxLag().catch(() => null),
    inputs.connections.epochs.compare().catch(() => null),
  ])
  return [
    ...reachable,
    ...(lag === null ? [] : checkOutbox(lag)),
    ...(epochs === null ? [] : [checkEpoch(epochs)]),
  ]
}

const A_DAY_MS = 86_400_000

function checkPartitions(partitions: readonly Span[]): ReadinessCheck {
  const tomorrow = Date.now() + A_DAY_MS
  return partitions.some(({ from, to }) => from <= tomorrow && tomorrow < to)
    ? pass('outbox.partitions', 'The events of the coming time have a partition.')
    : warn(
        'outbox.partitions',
        'The events of tomorrow have no partition: they are kept, and will not be dropped with their age.',
        'Run `user-engine-postgres tend` once a day, or tendOutboxLog in a process that has the migration lease.',
      )
}

function checkEpoch({ state }: EpochFinding): ReadinessCheck {
  const code = `epoch.${state}`
  switch (state) {
    case 'current':
      return pass(code, 'The data is in the epoch that the provider names.')
    case 'pending':
      return warn(
        code,
        'The provider names a new epoch: leases from before it end with the next claim.',
        'Nothing, if a relay runs; otherwise start one.',
      )
    case 'superseded':
      return fail(
        code,
        'The data has left the epoch that the provider names: no event is handed over.',
        'Hand over the description of today; an epoch that has ended never comes back, so let the provider name a new one.',
      )
    case 'unchanged':
      return warn(
        code,
        'The server was restored, promoted or replaced, and the provider names the same epoch as before.',
        'Let the provider change the epoch: until then, leases from before are honoured.',
      )
    default:
      return warn(code, 'The provider does not describe its capability.', 'Check the provider.')
  }
}

function checkServer(server: ServerFacts): readonly ReadinessCheck[] {
  return [
    server.versionNumber >= OLDEST_SUPPORTED_SERVER
      ? pass('server.version', `Server version ${server.versionNumber}.`)
      : fail(
          'server.version',
          `Server version ${server.versionNumber} is too old.`,
          'Use Postgres 15 or newer.',
        ),
    server.isInRecovery
      ? fail(
          'server.read-only',
          'The server is a standby and takes no writes.',
          'Hand over the address of the primary.',
        )
      : pass('server.read-only', 'The server takes writes.'),
    server.synchronousCommit === 'off' || !server.fsync
      ? fail(
          'server.durability',
          `${server.fsync ? 'synchronous_commit' : 'fsync'} is off: acknowledged commits may be lost.`,
          'Switch fsync on, and set synchronous_commit to on or stricter.',
        )
      : pass('server.durability', 'Commits are durable before they are acknowledged.'),
  ]
}

/** What a history means for whoever wants to serve the schema. */
export function checkSchema(history: HistoryFinding): ReadinessCheck {
  const code = `schema.${history.state}`
  const names = history.migrations.join(', ')
  switch (history.code) {
    case 'current':
      return pass(code, 'The schema is the one this release was built for.')
    case 'ahead-compatible':
      return warn(
        code,
        `The schema is newer (${names}) and still serves this release.`,
        'Finish the roll-out of the newer release.',
      )
    case 'behind':
      return fail(code, `Migrations are pending: ${names}.`, 'Run the migrations of this release.')
    case 'ahead':
      return fail(
        code,
        `The schema is newer than this release: ${names}.`,
        'Deploy the release that belongs to the schema.',
      )
    case 'unfinished':
      return fail(
        code,
        `A migration has begun and not ended: ${names}.`,
        'Resolve it in the migration ledger, then run the migrations again.',
      )
    case 'not-granted':
      return fail(
        code,
        'A migration run has not ended: what it grants last is missing, so that the history cannot be read.',
        'Run the migrations again.',
      )
    case 'edited':
      return fail(
        code,
        `Migrations differ from those of this release: ${names}.`,
        'Find out who changed them; deploy the release whose migrations were applied.',
      )
    case 'missing':
      return fail(
        code,
        `The history does not match this release: ${names}.`,
        'Deploy the release whose migrations were applied.',
      )
    case 'foreign-tables':
      return fail(
        code,
        'The schema holds tables without a migration history.',
        'Run the migrations with the migration login on an empty schema.',
      )
  }
}

function checkRole(name: 'runtime' | 'relay', facts: RoleFacts | null): readonly ReadinessCheck[] {
  if (facts === null)
    return [
      fail(
        `${name}.schema`,
        `The ${name} login finds no schema.`,
        'Create the schema before handing over the capability.',
      ),
    ]
  const powers: readonly (readonly [boolean, string, string])[] = [
    [facts.isSuperuser, 'superuser', 'is a superuser'],
    [
      facts.bypassesRowSecurity && !facts.isSuperuser,
      'bypasses-row-security',
      'has BYPASSRLS, or can become a role that has',
    ],
    [facts.ownsTables, 'owns-tables', 'owns tables of the schema'],
    [
      facts.isMemberOfOwner && !facts.isSuperuser,
      'member-of-owner',
      'is a member of the role that owns the schema',
    ],
    [facts.createsInSchema && !facts.isSuperuser, 'creates-in-schema', 'may create objects in the schema'],
  ]
  const tooMuch = powers.filter(([has]) => has)
  if (tooMuch.length === 0)
    return [
      pass(`${name}.role`, `The ${name} login has no power that disables row-level security.`),
      checkTransactionLimit(name, facts),
    ]
  return tooMuch.map(([, code, what]) =>
    fail(
      `${name}.${code}`,
      `The ${name} login ${what}.`,
      `Hand over a login for ${name} without that power.`,
    ),
  )
}

function checkTransactionLimit(name: 'runtime' | 'relay', { transactionLimitMs }: RoleFacts): ReadinessCheck {
  const code = `${name}.transaction-limit`
  if (transactionLimitMs === 0 || transactionLimitMs >= MAX_TIMEOUT_MS)
    return pass(code, `The server gives transactions of the ${name} login the time that the store may need.`)
  return warn(
    code,
    `The server ends transactions of the ${name} login after ${transactionLimitMs} ms.`,
    `Set transaction_timeout of the login to 0, or to ${MAX_TIMEOUT_MS} ms and more: the store sets limits of its own.`,
  )
}

function checkOutbox({ oldestAgeMs, dead }: OutboxLag): readonly ReadinessCheck[] {
  return [
    oldestAgeMs !== null && oldestAgeMs > OUTBOX_STALLED_AFTER_MS
      ? warn(
          'outbox.stalled',
          `The oldest unacknowledged event has waited ${Math.round(oldestAgeMs / 1000)} s.`,
          'Check that a relay runs and what its sink answers.',
        )
      : pass('outbox.stalled', 'Events leave in time.'),
    dead > 0
      ? warn(
          'outbox.dead-letters',
          `${dead} events were given up on.`,
          'Read the dead letters, mend the cause, and replay them.',
        )
      : pass('outbox.dead-letters', 'There are no dead letters.'),
  ]
}

function checkLeases(inputs: ReadinessInputs): readonly ReadinessCheck[] {
  const roles = ['runtime', 'relay'] as const
  const [runtime, relay] = roles.map((role) => inputs.connections.pools[role].lease?.user)
  const isOneLogin = runtime !== undefined && runtime === relay
  const shared = fail(
    'leases.one-login',
    'Runtime and relay are handed one and the same login.',
    'Hand over a login for each, as a member of its own role.',
  )
  const ends = roles.flatMap((role) => {
    const lease = inputs.connections.pools[role].lease
    if (lease === null || lease.expiresAt === null) return []
    const endsInMs = Date.parse(lease.expiresAt) - Date.now()
    return endsInMs < lease.drainMs
      ? [
          warn(
            `${role}.lease-ends`,
            `The ${role} lease ends in ${Math.max(0, Math.round(endsInMs / 1000))} s.`,
            'The provider must hand out a newer lease.',
          ),
        ]
      : [pass(`${role}.lease-ends`, `The ${role} lease is good.`)]
  })
  return isOneLogin ? [shared, ...ends] : ends
}

function pass(code: string, summary: string): ReadinessCheck {
  return { code, status: 'pass', summary, remedy: null }
}

function warn(code: string, summary: string, remedy: string): ReadinessCheck {
  return { code, status: 'warn', summary, remedy }
}

function fail(code: string, summary: string, remedy: string): ReadinessCheck {
  return { code, status: 'fail', summary, remedy }
}
