import { accessIsExact } from './access-rules.ts'
import { constraintsAreValidated, indexesAreValid, ownerOwnsEverything } from './object-rules.ts'
import { comparisonsAreLeakproof, policiesHaveTheirForm, rowSecurityIsOn } from './row-security-rules.ts'
import type { SchemaFinding, SchemaLintInput, SchemaRule } from './schema-query.ts'
import { keysLeadWithTheTenant, referencesStayWithTheTenant, tenantIsNeverNull } from './sharding-rules.ts'
import {
  auditIsAppendOnly,
  functionsRunAsTheirCaller,
  tablesHaveNoRules,
  triggersAreOurs,
  viewsReadAsTheirReader,
} from './trespass-rules.ts'

const RULES: readonly SchemaRule[] = [
  rowSecurityIsOn,
  policiesHaveTheirForm,
  comparisonsAreLeakproof,
  functionsRunAsTheirCaller,
  viewsReadAsTheirReader,
  triggersAreOurs,
  tablesHaveNoRules,
  auditIsAppendOnly,
  keysLeadWithTheTenant,
  referencesStayWithTheTenant,
  tenantIsNeverNull,
  indexesAreValid,
  constraintsAreValidated,
  ownerOwnsEverything,
]

/**
 * Reads the catalog of the live database and says what is wrong with the tenant boundary, the rights, the keys and the
 * objects of the schema [TEN-06, CAP-02, AUD-01]. Empty when nothing is. It reads no row of any table.
 */
export async function lintSchema(
  input: SchemaLintInput & { readonly roles: { readonly runtime: string; readonly relay: string } },
): Promise<readonly SchemaFinding[]> {
  const findings: SchemaFinding[] = []
  for (const rule of RULES) findings.push(...(await rule(input)))
  findings.push(...(await accessIsExact(input)))
  return findings
}
