export type { CaseContext, ConformanceCase } from './case.ts'
export { CASES } from './cases.ts'
export { type Check, CheckFailure } from './check.ts'
export {
  type BackendControl,
  type ConformanceHarness,
  defineHarness,
  type EngineAudit,
  type HarnessVerb,
  HISTORY_DAMAGES,
  type HistoryDamage,
  type MigrationControl,
  type TenantLayers,
} from './harness.ts'
export type { Member, RecordMaker } from './records.ts'
export {
  type CaseFailure,
  type CaseResult,
  type CaseStatus,
  type ConformanceReport,
  formatReport,
  type RuleResult,
  type RuleStatus,
  type Verdict,
} from './report.ts'
export { type ConformanceOptions, runConformance } from './run-conformance.ts'
