export type { Race, RaceResult, RaceRound } from './calibration/race.ts'
export type { CapabilityCase, CapabilityContext } from './capability/capability-case.ts'
export { CAPABILITY_CASES } from './capability/capability-cases.ts'
export {
  type CapabilityHarness,
  type CapabilitySession,
  type CapabilityVerb,
  defineCapabilityHarness,
  type Installations,
  type SqlStatement,
} from './capability/harness.ts'
export type { CapabilityManifest } from './capability/manifest.ts'
export {
  type CaseContext,
  type CaseFacts,
  type ConformanceCase,
  DURABILITY_TIERS,
  type DurabilityTier,
  type SubjectCase,
} from './case.ts'
export { CASES } from './cases.ts'
export { digestCaseList, type ListedCase } from './certificate/case-list-digest.ts'
export {
  type CertifiableVerdict,
  type CertifyOptions,
  type ConformanceCertificate,
  certificateSchema,
  certify,
  type KillScore,
} from './certificate/certificate.ts'
export {
  type CertificateIssue,
  type CertificateVerification,
  verifyCertificate,
} from './certificate/verify-certificate.ts'
export { type Check, CheckFailure, type ErrorOf } from './check.ts'
export { changeOutbox, changeReaders, changeTransactions, override, quietly } from './decorate.ts'
export { formatReport } from './format-report.ts'
export {
  type AnyHarness,
  type BackendControl,
  type ConformanceHarness,
  defineHarness,
  type EngineAudit,
  type HarnessVerb,
  HISTORY_DAMAGES,
  type HistoryDamage,
  type MigrationControl,
  type NetworkAddress,
  type NetworkControl,
  type ProcessControl,
  type TenantLayers,
} from './harness.ts'
export type { Member, RecordMaker } from './records.ts'
export type {
  CaseFailure,
  CaseResult,
  CaseStatus,
  ConformanceReport,
  EvidenceStatus,
  RuleResult,
  RuleStatus,
  TierResult,
  Verdict,
  WaiverResult,
} from './report.ts'
export { renderHtml } from './report-files/html-report.ts'
export { renderJUnit } from './report-files/junit-report.ts'
export { conformanceReportSchema } from './report-files/report-schema.ts'
export type { RunCaseOptions } from './run-case.ts'
export { type ConformanceOptions, type ConformanceProgress, runConformance } from './run-conformance.ts'
export { type CaseSelection, selectCases } from './select-cases.ts'
export type { AnyManifest, NameAndVersion, SubjectKind } from './subject.ts'
export { isWaivable, judgeWaivers, type Waiver, type WaiverJudgement } from './waivers/waiver.ts'
