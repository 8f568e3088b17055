import { RULE_SECTIONS, type RuleId } from '@user-engine/store-protocol'
import * as z from 'zod'
import { capabilityManifestSchema } from '../capability/manifest.ts'
import { DURABILITY_TIERS } from '../case.ts'
import { manifestSchema } from '../manifest.ts'
import { CASE_STATUSES, type ConformanceReport, VERDICTS } from '../report.ts'
import { SUBJECT_KINDS } from '../subject.ts'
import { waiverFields } from '../waivers/waiver.ts'

const text = z.string()
const count = z.int().min(0)
const milliseconds = z.number().min(0)

/** The form of a rule's id; whether the contract has the rule is another question. */
export const ruleIdSchema: z.ZodType<RuleId> = z.templateLiteral([z.enum(RULE_SECTIONS), '-', z.number()])

const evidenceStatus = z.enum([...CASE_STATUSES, 'waived', 'advisory'])

const caseSchema = z.strictObject({
  id: text.min(1),
  rules: z.array(ruleIdSchema).min(1),
  title: text,
  status: z.enum(CASE_STATUSES),
  advisory: z.boolean(),
  waived: z.boolean(),
  checks: count,
  durationMs: milliseconds,
  reason: text.nullable(),
  failure: z.strictObject({ rule: text, what: text, expected: text, actual: text, where: text }).nullable(),
  notes: z.array(text),
  races: z.array(z.strictObject({ defect: text, found: count, tried: count, rounds: count })),
})

const ruleSchema = z.strictObject({
  id: ruleIdSchema,
  level: z.enum(['MUST', 'SHOULD']),
  appliesTo: z.enum([
    ...(['every-store', 'durable', 'shared', 'migrated'] as const),
    ...(['every-capability', 'postgres-capability'] as const),
  ]),
  status: z.enum([...evidenceStatus.options, 'untested', 'not-selected']),
  cases: z.array(text),
  reason: text.nullable(),
})

/** One tier of durability, as reports and certificates state it. */
export const tierSchema = z.strictObject({
  tier: z.enum(DURABILITY_TIERS),
  meaning: text,
  status: z.enum([...evidenceStatus.options, 'not-run']),
  cases: z.array(text),
  reason: text.nullable(),
})

/** One waiver and the cases whose failures it covers, as reports and certificates state it. */
export const waiverResultSchema = z.strictObject({
  ...waiverFields,
  rule: ruleIdSchema,
  cases: z.array(text),
})

/** The name and the version of something. */
export const nameAndVersionSchema = z.strictObject({ name: text.min(1), version: text.min(1) })

/**
 * The form of a report as a file. Written as the type itself, so that a field that is added to the report and not here
 * does not compile.
 */
export const conformanceReportSchema: z.ZodType<ConformanceReport> = z
  .strictObject({
    kit: nameAndVersionSchema,
    protocolVersion: z.int().min(1),
    harness: text,
    subject: z.enum(SUBJECT_KINDS),
    judged: nameAndVersionSchema.nullable(),
    manifest: z.union([manifestSchema, capabilityManifestSchema]).nullable(),
    backendVersion: text.nullable(),
    seed: z.int(),
    startedAt: z.iso.datetime(),
    durationMs: milliseconds,
    verdict: z.enum(VERDICTS),
    reasons: z.array(text),
    known: count,
    planned: count,
    executed: count,
    rules: z.array(ruleSchema),
    tiers: z.array(tierSchema),
    waivers: z.array(waiverResultSchema),
    cases: z.array(caseSchema),
  })
  .meta({
    title: 'Conformance report',
    description:
      'What one run of @user-engine/store-conformance-kit found out about a store, or about what a provider hands over.',
  })
