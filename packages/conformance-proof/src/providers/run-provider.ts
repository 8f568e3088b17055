// Judges one provider: the cases of the kit on what it hands over, and beside them what the store itself makes of it.
import { startLocalPooler } from '@user-engine/provider-local'
import {
  type CapabilityHarness,
  type CaseFacts,
  type ConformanceReport,
  defineCapabilityHarness,
  runConformance,
} from '@user-engine/store-conformance-kit'
import { examineCapability, migrate } from '@user-engine/store-postgres'
import { openLeaseSession } from '@user-engine/store-postgres/conformance'
import { isUserEngineError, type PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import type { ProofServer } from './proof-servers.ts'
import type { HandedOver, ProviderUnderProof } from './provider-under-proof.ts'

/** What the kit and the store say of a provider. */
export interface ProviderJudgement {
  readonly report: ConformanceReport
  /** The codes of what readiness and `doctor` of the store find; `refused` when no store can be opened. */
  readonly findings: readonly string[]
}

const SHORT_DRAIN = { drainMs: 500 }

export async function runProvider(
  underProof: ProviderUnderProof,
  { provider, template }: ProofServer,
  select: (conformanceCase: CaseFacts) => boolean,
): Promise<ProviderJudgement> {
  const name = underProof.id.replaceAll('-', '_').slice(0, 60)
  const leases = underProof.leases ?? SHORT_DRAIN
  const database = await provider.provisionDatabase({ name, template, ...leases })
  const cleanups: (() => Promise<unknown>)[] = []
  const { capability } = database
  const [runtime, relay, migration] = [
    (await capability.lease('runtime')).user,
    (await capability.lease('relay')).user,
    (await capability.lease('migration')).user,
  ]
  const { owner } = (await capability.describe()).roles
  const quote = pg.escapeIdentifier
  const installations = {
    another: async () =>
      (await provider.provisionDatabase({ name, schema: 'another', ...leases })).capability,
    migrate: (of: PostgresCapability) => migrate({ capability: of }),
  }
  const handed: HandedOver = {
    ...{ provider, database, capability, installations },
    names: {
      ...{ runtime: quote(runtime), relay: quote(relay), migration: quote(migration) },
      ...{ owner: quote(owner), database: quote(name) },
    },
    query: (sql) => database.query(sql),
    async pooled(options) {
      const pooler = await startLocalPooler(provider, options)
      cleanups.push(() => pooler.stop())
      return pooler.through(capability)
    },
    afterwards: (work) => void cleanups.push(work),
  }
  try {
    const harness = defineCapabilityHarness({
      name: underProof.id,
      ...{ capability, connect: openLeaseSession, installations },
      rotate: () => database.rotateCredentials(),
      restore: () => restore(handed, { name, ...leases }),
      backendVersion: async () => `Postgres ${provider.backend.serverVersion}`,
      ...(await underProof.handOver(handed)),
    })
    const findings = await examine(harness)
    return { report: await runConformance(harness, { select }), findings }
  } finally {
    for (const cleanup of cleanups) await cleanup()
    await provider.dropDatabase(name)
  }
}

async function restore(
  { provider, query }: HandedOver,
  request: { readonly name: string; readonly drainMs?: number; readonly leaseMs?: number },
): Promise<void> {
  const backup = `${request.name}_backup`
  // A database that somebody is connected to cannot be copied, and a pooler stays connected.
  await query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  await provider.provisionDatabase({ name: backup, template: request.name })
  await provider.dropDatabase(request.name)
  await provider.provisionDatabase({ template: backup, ...request })
  await provider.dropDatabase(backup)
}

async function examine({ capability }: CapabilityHarness): Promise<readonly string[]> {
  try {
    const { checks } = await examineCapability({ capability })
    return checks.filter(({ status }) => status !== 'pass').map(({ code }) => code)
  } catch (error) {
    return [isUserEngineError(error) ? `refused: ${error.code}` : 'refused']
  }
}
