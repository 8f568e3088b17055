import type {
  LocalDatabase,
  LocalProvider,
  PoolerOptions,
  ProvisionOptions,
  QueryRows,
} from '@user-engine/provider-local'
import type { CapabilityHarness, Installations } from '@user-engine/store-conformance-kit'
import type {
  CapabilityDescription,
  ConnectionLease,
  LeaseRole,
  PostgresCapability,
  RuleId,
} from '@user-engine/store-protocol'

/** The servers that providers under proof hand over databases of; each is started when somebody needs it. */
export const SERVERS = ['tls', 'plain', 'unsafe'] as const

export type ServerName = (typeof SERVERS)[number]

/** A database that was handed over as it should be, and what a provider can still do to it. */
export interface HandedOver {
  readonly provider: LocalProvider
  readonly database: LocalDatabase
  /** What is handed over, as it should be. */
  readonly capability: PostgresCapability
  readonly installations: Installations
  /** The logins of the first leases, and the owner of the schema, quoted for SQL. */
  readonly names: { readonly [Name in LeaseRole | 'owner' | 'database']: string }
  /** Runs SQL as the administrator. */
  query(sql: string): Promise<QueryRows>
  /** The capability through a pooler of its own, which says what it is. */
  pooled(options?: PoolerOptions): Promise<PostgresCapability>
  /** Called when the provider has been judged. */
  afterwards(work: () => Promise<unknown>): void
}

/** A provider, on a real server. */
export interface ProviderUnderProof {
  readonly id: string
  readonly title: string
  /** Default `tls`. */
  readonly server?: ServerName
  /** Default: leases without an end, and a short drain window. */
  readonly leases?: Pick<ProvisionOptions, 'leaseMs' | 'drainMs'>
  /** What the provider does with what it hands over, and what of its harness is different for that. */
  handOver(handed: HandedOver): Promise<Partial<CapabilityHarness>>
}

/** A provider that breaks one thing. */
export interface BrokenProvider extends ProviderUnderProof {
  readonly breaks: RuleId
  /** Cases that catch it or not as time has it: they count as kills, and are not compared with the record. */
  readonly decidedByTiming?: readonly string[]
}

type Facts = Pick<ProviderUnderProof, 'id' | 'title' | 'server' | 'leases'>

/** Breaks something in the database, as its administrator. */
export function brokenInDatabase(
  breaks: RuleId,
  facts: Facts,
  sql: (names: HandedOver['names']) => string,
): BrokenProvider {
  return {
    ...{ breaks, ...facts },
    async handOver({ names, query, capability }) {
      await query(sql(names))
      return { capability }
    },
  }
}

/** Hands over leases that are not what they should be. */
export function brokenInLeases(
  breaks: RuleId,
  facts: Facts,
  change: (lease: ConnectionLease, role: LeaseRole) => ConnectionLease,
): BrokenProvider {
  return {
    ...{ breaks, ...facts },
    handOver: async ({ capability }) => ({
      capability: { ...capability, lease: async (role) => change(await capability.lease(role), role) },
    }),
  }
}

/** What is said instead of parts of a description; `asked` is how often it was asked for before. */
type Untruth = (description: CapabilityDescription, asked: number) => object

/** Says of itself what is not so. */
export function brokenInDescription(breaks: RuleId, facts: Facts, change: Untruth): BrokenProvider {
  return {
    ...{ breaks, ...facts },
    handOver: async ({ capability }) => ({ capability: describedWith(capability, change) }),
  }
}

/** A capability that describes itself as another one. */
export function describedWith(capability: PostgresCapability, change: Untruth): PostgresCapability {
  let asked = 0
  return {
    ...capability,
    describe: async () => {
      const description = await capability.describe()
      return { ...description, ...change(description, asked++) }
    },
  }
}
