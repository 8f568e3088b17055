import type { RaceResult } from './calibration/race.ts'
import type {
  CaseResult,
  CaseStatus,
  ConformanceReport,
  RuleStatus,
  Verdict,
  WaiverResult,
} from './report.ts'
import type { SubjectKind } from './subject.ts'

const SENTENCES: { readonly [Verdict_ in Verdict]: string } = {
  conformant: 'conformant',
  'conformant-with-waivers': 'conformant with waivers: what failed is covered by waivers',
  'not-conformant': 'not conformant',
  partial: 'partial: the selected cases passed or are waived, the rest of the contract was not judged',
  invalid: 'invalid: it could not be judged',
}

/** A verdict in words. */
export function describeVerdict(verdict: Verdict): string {
  return SENTENCES[verdict]
}

/** The report for a terminal: the verdict, what failed and where to look, what was observed, and what was not shown. */
export function formatReport(report: ConformanceReport): string {
  const { cases, rules } = report
  const rulesWith = (status: RuleStatus) => rules.filter((rule) => rule.status === status)
  const lines = [
    `${report.harness}: ${describeJudged(report)} against protocol ${report.protocolVersion}`,
    `verdict: ${describeVerdict(report.verdict)}`,
    ...report.reasons.map((reason) => `  ${reason}`),
    `cases: ${describeCounts(report)}`,
    `rules: ${rulesWith('passed').length} passed, ${rulesWith('failed').length} failed, ${rulesWith('waived').length} waived, ${rulesWith('skipped').length} skipped, ${rulesWith('untested').length} without a case, ${rulesWith('not-selected').length} not selected, of ${rules.length}`,
    `seed ${report.seed}, ${(report.durationMs / 1_000).toFixed(1)} s, ${report.kit.name} ${report.kit.version}`,
    ...report.waivers.map((waiver) => `waiver ${describeWaiver(waiver)}`),
    ...cases.flatMap(describeTrouble),
  ]
  const remarks = [
    ...report.tiers.map(
      ({ tier, meaning, status, reason }) => `tier ${tier} (${meaning}): ${status}${because(reason)}`,
    ),
    ...cases.flatMap(({ id, notes }) => notes.map((note) => `observed ${id}: ${note}`)),
    ...groupRaces(cases).map(({ ids, race }) => `race ${nameSome(ids)}: ${describeRace(race)}`),
    ...[...rulesWith('skipped'), ...rulesWith('advisory'), ...rulesWith('untested')].map(
      ({ id, status, reason }) => `${status} ${id}${because(reason)}`,
    ),
  ]
  return [...lines, '', ...remarks].join('\n')
}

const SUBJECTS: { readonly [Kind in SubjectKind]: string } = {
  store: 'store',
  'postgres-capability': 'Postgres capability',
}

/** What was judged, on what. */
export function describeJudged({
  subject,
  judged,
  backendVersion,
}: Pick<ConformanceReport, 'subject' | 'judged' | 'backendVersion'>): string {
  if (judged === null) return `no ${SUBJECTS[subject]}`
  const of = subject === 'store' ? '' : `${SUBJECTS[subject]} of `
  return `${of}${judged.name} ${judged.version}${backendVersion === null ? '' : ` on ${backendVersion}`}`
}

/** How many cases ended how. */
export function describeCounts({ cases, executed, planned, known }: ConformanceReport): string {
  const count = (status: CaseStatus) => cases.filter((result) => result.status === status).length
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, ${count('invalid')} invalid; ${executed} executed of ${planned} planned of ${known}`
}

/** A waiver with all that it says, and whether it was needed. */
export function describeWaiver({ rule, reason, link, expires, cases }: WaiverResult): string {
  const use = cases.length === 0 ? 'no failure needed it' : `covers ${cases.join(', ')}`
  return `${rule}, until ${expires}: ${reason} (${link}); ${use}`
}

/** What a result that is not plain is called: a failure may be waived, and what is too new to count is advisory. */
export function describeStatus({ status, advisory, waived }: CaseResult): string {
  const isTrouble = status === 'failed' || status === 'invalid'
  return `${status}${waived ? ', waived' : ''}${advisory && isTrouble ? ', advisory' : ''}`
}

/** A race: how often it found the store that is broken on purpose, and how often it was run because of that. */
export function describeRace({ defect, found, tried, rounds }: RaceResult): string {
  return `a store that ${defect} was caught in ${found} of ${tried} rounds; this one held in ${rounds}`
}

/** Races that came out alike, with the cases that ran them. */
export interface RaceGroup {
  readonly race: RaceResult
  readonly ids: readonly string[]
}

/** Puts races together whose calibration came out alike: many cases share a fault. */
export function groupRaces(cases: readonly CaseResult[]): readonly RaceGroup[] {
  const ran = cases.flatMap(({ id, races }) => races.map((race) => ({ id, race })))
  const groups = Map.groupBy(ran, ({ race }) => JSON.stringify(race))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [{ race: first.race, ids: group.map(({ id }) => id) }]
  })
}

function nameSome(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 2).join(', ')} and ${ids.length - 2} more`
}

function describeTrouble(result: CaseResult): readonly string[] {
  const { id, title, failure, reason, status } = result
  const heading = `${describeStatus(result).toUpperCase()} ${id}: ${title}`
  if (status === 'invalid') return ['', heading, `  ${reason ?? ''}`]
  return failure === null ? [] : ['', heading, ...describeFailure(failure).map((line) => `  ${line}`)]
}

/** A failure as lines: what should have been true, what was seen, which rule says so, and where the assertion stands. */
export function describeFailure({
  what,
  expected,
  actual,
  rule,
  where,
}: NonNullable<CaseResult['failure']>): readonly string[] {
  return [what, `expected: ${expected}`, `actual:   ${actual}`, `rule:     ${rule}`, `at:       ${where}`]
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`
}
