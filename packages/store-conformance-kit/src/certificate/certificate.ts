import type { StoreCapabilities } from '@user-engine/store-protocol'
import * as z from 'zod'
import { type CapabilityManifest, capabilityManifestSchema } from '../capability/manifest.ts'
import { manifestSchema } from '../manifest.ts'
import type { ConformanceReport, TierResult, WaiverResult } from '../report.ts'
import { nameAndVersionSchema, tierSchema, waiverResultSchema } from '../report-files/report-schema.ts'
import type { NameAndVersion, SubjectKind } from '../subject.ts'
import { digestCaseList } from './case-list-digest.ts'
import recorded from './kill-score.json' with { type: 'json' }

export const CERTIFICATE_FORMAT = 1 as const

/** The verdicts that speak for a store as a whole. */
export const CERTIFIABLE_VERDICTS = ['conformant', 'conformant-with-waivers'] as const

export type CertifiableVerdict = (typeof CERTIFIABLE_VERDICTS)[number]

/** How many of the stores that are broken on purpose the kit found out. */
export interface KillScore {
  readonly killed: number
  readonly of: number
}

/**
 * What a run proved, for others to check. It is not signed: it shows what is claimed, and that the claim fits the kit and
 * itself; who claims it must be shown by other means.
 */
export type ConformanceCertificate = CertifiedRun &
  (
    | { readonly subject: 'store'; readonly manifest: StoreCapabilities }
    | { readonly subject: 'postgres-capability'; readonly manifest: CapabilityManifest }
  )

interface CertifiedRun {
  readonly format: typeof CERTIFICATE_FORMAT
  readonly verdict: CertifiableVerdict
  readonly protocolVersion: number
  readonly kit: { readonly name: string; readonly version: string }
  /** The cases that were run, as their number and the digest of their ids and rules. */
  readonly caseList: { readonly count: number; readonly digest: string }
  /** The name and version of what was judged. */
  readonly judged: NameAndVersion
  readonly harness: string
  readonly backendVersion: string | null
  readonly seeds: readonly number[]
  readonly counts: {
    readonly passed: number
    readonly skipped: number
    /** Failures that waivers cover. */
    readonly waived: number
    /** Failures and cases that could not be judged, of cases that do not count yet. */
    readonly advisory: number
  }
  readonly tiers: readonly TierResult[]
  readonly waivers: readonly WaiverResult[]
  /** How many stores that are broken on purpose this release of the kit is known to catch. */
  readonly killScore: KillScore
  /** When the run began. */
  readonly startedAt: string
  readonly issuedAt: string
}

const count = z.int().min(0)

const certifiedRun = {
  format: z.literal(CERTIFICATE_FORMAT),
  verdict: z.enum(CERTIFIABLE_VERDICTS),
  protocolVersion: z.int().min(1),
  kit: nameAndVersionSchema,
  caseList: z.strictObject({ count: z.int().min(1), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
  judged: nameAndVersionSchema,
  harness: z.string(),
  backendVersion: z.string().nullable(),
  seeds: z.array(z.int()).min(1),
  counts: z.strictObject({ passed: count, skipped: count, waived: count, advisory: count }),
  tiers: z.array(tierSchema),
  waivers: z.array(waiverResultSchema),
  killScore: z.strictObject({ killed: count, of: z.int().min(1) }),
  startedAt: z.iso.datetime(),
  issuedAt: z.iso.datetime(),
}

/** The form of a certificate; written as the type itself, so that neither gets a field that the other lacks. */
export const certificateSchema: z.ZodType<ConformanceCertificate> = z
  .discriminatedUnion('subject', [
    z.strictObject({ ...certifiedRun, subject: z.literal('store'), manifest: manifestSchema }),
    z.strictObject({
      ...certifiedRun,
      subject: z.literal('postgres-capability'),
      manifest: capabilityManifestSchema,
    }),
  ])
  .meta({
    title: 'Conformance certificate',
    description:
      'What a whole run of @user-engine/store-conformance-kit proved about a store, or about what a provider hands over.',
  })

/** What the proof of this release found, by what was broken. */
export const KILL_SCORES: { readonly [Kind in SubjectKind]: KillScore } = recorded

export interface CertifyOptions {
  /** Default: now. */
  readonly issuedAt?: Date
}

/**
 * Makes a certificate of a report.
 *
 * @throws TypeError for a report that does not speak for the store as a whole: one that is partial, invalid or of a store
 * that is not conformant.
 */
export function certify(report: ConformanceReport, options: CertifyOptions = {}): ConformanceCertificate {
  const { manifest, judged, subject, cases } = report
  const verdict = CERTIFIABLE_VERDICTS.find((candidate) => candidate === report.verdict)
  if (verdict === undefined || manifest === null || judged === null)
    throw new TypeError(`A report whose verdict is ${report.verdict} cannot be certified.`)
  const number = (matches: (result: ConformanceReport['cases'][number]) => boolean) =>
    cases.filter(matches).length
  const isTrouble = (status: string) => status === 'failed' || status === 'invalid'
  const certificate = {
    format: CERTIFICATE_FORMAT,
    ...{ verdict, protocolVersion: report.protocolVersion, kit: report.kit },
    caseList: { count: cases.length, digest: digestCaseList(cases) },
    ...{ subject, judged, manifest, harness: report.harness, backendVersion: report.backendVersion },
    seeds: [report.seed],
    counts: {
      passed: number(({ status }) => status === 'passed'),
      skipped: number(({ status }) => status === 'skipped'),
      waived: number(({ waived, advisory }) => waived && !advisory),
      advisory: number(({ status, advisory }) => advisory && isTrouble(status)),
    },
    ...{ tiers: report.tiers, waivers: report.waivers, killScore: KILL_SCORES[subject] },
    startedAt: report.startedAt,
    issuedAt: (options.issuedAt ?? new Date()).toISOString(),
  }
  // A report has the manifest of its subject.
  return certificate as ConformanceCertificate
}
