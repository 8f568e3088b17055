export const RULE_SECTIONS = [
  'SHP',
  'TXN',
  'IDN',
  'VER',
  'TEN',
  'AUD',
  'OBX',
  'QRY',
  'VAL',
  'MIG',
  'DIA',
  'LIF',
  'CAP',
] as const

export type RuleSection = (typeof RULE_SECTIONS)[number]

/** The id of a rule, for example `TXN-03`. Ids are never renumbered and never reused. */
export type RuleId = `${RuleSection}-${number}`

/** How binding a rule is, in the words of RFC 2119. */
export type RuleLevel = 'MUST' | 'SHOULD'

/** What a rule binds: a store, or what a provider hands over for one on Postgres. */
export type RuleApplicability =
  /** Every store, whatever its manifest says; cannot be skipped. */
  | 'every-store'
  /** Stores whose manifest says `durability.durable`. */
  | 'durable'
  /** Stores whose manifest says `durability.shared`. */
  | 'shared'
  /** Stores whose manifest says `schema.migrated`. */
  | 'migrated'
  /** Everything that a provider hands over to store-postgres: what keeps tenants apart and data safe; cannot be waived. */
  | 'every-capability'
  /** What a provider hands over to store-postgres, as it is operated over time. */
  | 'postgres-capability'

/** One numbered rule of the contract. */
export interface Rule {
  readonly id: RuleId
  readonly level: RuleLevel
  readonly appliesTo: RuleApplicability
  /** What must be true, in one or two sentences. */
  readonly text: string
  /** Why a consumer needs it. */
  readonly reason: string
  /** Present when no conformance case can show it: why not, and who shows it instead. */
  readonly untested?: string
}
