import { AUDIT_RULES } from './audit-rules.ts'
import { DIAGNOSTICS_RULES } from './diagnostics-rules.ts'
import { IDENTITIES_RULES } from './identities-rules.ts'
import { LIFE_CYCLE_RULES } from './life-cycle-rules.ts'
import { OUTBOX_RULES } from './outbox-rules.ts'
import { POSTGRES_CAPABILITY_RULES } from './postgres-capability-rules.ts'
import { QUERIES_RULES } from './queries-rules.ts'
import type { Rule, RuleSection } from './rule.ts'
import { SCHEMA_RULES } from './schema-rules.ts'
import { SHAPE_RULES } from './shape-rules.ts'
import { TENANT_BOUNDARY_RULES } from './tenant-boundary-rules.ts'
import { TRANSACTIONS_RULES } from './transactions-rules.ts'
import { VALUES_RULES } from './values-rules.ts'
import { VERSIONS_RULES } from './versions-rules.ts'

const SECTION_TITLES: { readonly [Section in RuleSection]: string } = {
  SHP: 'Shape',
  TXN: 'Transactions',
  IDN: 'Identities and uniqueness',
  VER: 'Versions',
  TEN: 'Tenant boundary',
  AUD: 'Audit',
  OBX: 'Outbox',
  QRY: 'Queries',
  VAL: 'Values',
  MIG: 'Schema and readiness',
  DIA: 'Diagnostics',
  LIF: 'Life cycle',
  CAP: 'Postgres capability',
}

/** Every rule of the contract, in the order of its sections: the one list that code, cases and documents refer to. */
export const RULES: readonly Rule[] = [
  ...SHAPE_RULES,
  ...TRANSACTIONS_RULES,
  ...IDENTITIES_RULES,
  ...VERSIONS_RULES,
  ...TENANT_BOUNDARY_RULES,
  ...AUDIT_RULES,
  ...OUTBOX_RULES,
  ...QUERIES_RULES,
  ...VALUES_RULES,
  ...SCHEMA_RULES,
  ...DIAGNOSTICS_RULES,
  ...LIFE_CYCLE_RULES,
  ...POSTGRES_CAPABILITY_RULES,
]

const RULES_BY_ID = new Map<string, Rule>(RULES.map((rule) => [rule.id, rule]))

/** The rule with this id, or `undefined` for an id the contract does not have. */
export function findRule(id: string): Rule | undefined {
  return RULES_BY_ID.get(id)
}

/** What a section is about, for headings. */
export function sectionTitle(section: RuleSection): string {
  return SECTION_TITLES[section]
}
