import { findRule, RULES } from '@user-engine/store-protocol'
import { describe, expect, test } from 'vitest'
import { CASES } from '../cases.ts'
import { formatReport } from '../format-report.ts'
import { findHiddenRules, judgeRules, judgeVerdict } from '../judge-run.ts'
import type { CaseResult } from '../report.ts'
import { unjudged } from '../run-case.ts'
import { runConformance } from '../run-conformance.ts'
import { STORE_SUBJECT } from '../store-subject.ts'
import { createShallowHarness } from '../testing/shallow-harness.ts'
import { isWaivable, judgeWaivers, type Waiver } from './waiver.ts'

const NOW = new Date('2026-11-24T12:00:00.000Z')

const waiver = (changes: object = {}) => ({
  rule: 'MIG-05',
  reason: 'the history is kept elsewhere',
  link: 'https://tracker.example/7',
  expires: '2026-11-24',
  ...changes,
})

describe('judging waivers', () => {
  test('one that names everything holds to the end of its last day', () => {
    expect(judgeWaivers([waiver()], NOW)).toEqual({ ok: true, waivers: [waiver()] })
  })

  test.each([
    [
      'a rule that does not exist',
      waiver({ rule: 'MIG-99' }),
      'Waiver 1 names MIG-99, a rule that the contract does not have.',
    ],
    [
      'a rule of every store',
      waiver({ rule: 'TXN-01' }),
      'Waiver 1 names TXN-01, which binds every store: it cannot be waived.',
    ],
    [
      'the day before',
      waiver({ expires: '2026-11-23' }),
      'Waiver 1 for MIG-05 expired on 2026-11-23: renew it or make the store pass.',
    ],
    ['no day', waiver({ expires: 'soon' }), 'as its expires.'],
    ['a link that is none', waiver({ link: 'ask Joe' }), 'as its link.'],
    ['an empty reason', waiver({ reason: '' }), 'Waiver 1 must have at least 1 characters as its reason.'],
    ['a missing field', { rule: 'MIG-05', reason: 'x', link: 'https://x.example' }, 'as its expires.'],
    ['a field too many', waiver({ owner: 'Joe' }), 'Waiver 1 must have no unknown fields.'],
    ['no object', 'MIG-05', 'Waiver 1 must have a value of type object.'],
  ])('%s is refused', (_, candidate, sentence) => {
    expect(judgeWaivers([candidate], NOW)).toEqual({
      ok: false,
      reasons: [expect.stringContaining(sentence)],
    })
  })

  test('two for one rule, and what is no list, are refused', () => {
    expect(judgeWaivers([waiver(), waiver()], NOW)).toEqual({
      ok: false,
      reasons: ['Waiver 2 names MIG-05 a second time.'],
    })
    expect(judgeWaivers({}, NOW)).toEqual({ ok: false, reasons: ['Waivers must be a list.'] })
  })

  test('no rule of every store can be waived, and some others can', () => {
    const waivable = RULES.filter(isWaivable)
    expect(waivable.filter(({ appliesTo }) => appliesTo === 'every-store')).toEqual([])
    expect(waivable).toContain(findRule('MIG-05'))
  })
})

const failedResult = (index: number, changes: Partial<CaseResult> = {}): CaseResult[] =>
  CASES.map((conformanceCase, position) => ({
    ...unjudged(conformanceCase, null),
    status: 'passed' as const,
    ...(position === index ? { status: 'failed' as const, ...changes } : {}),
  }))

describe('the verdict', () => {
  test('a waived failure lowers it, one that is not waived decides it, an advisory one leaves it alone', () => {
    const verdictOf = (changes: Partial<CaseResult>) =>
      judgeVerdict({ known: CASES, planned: CASES, results: failedResult(3, changes) }, [])
    expect(verdictOf({ status: 'passed' })).toBe('conformant')
    expect(verdictOf({ waived: true })).toBe('conformant-with-waivers')
    expect(verdictOf({})).toBe('not-conformant')
    expect(verdictOf({ advisory: true })).toBe('conformant')
  })

  test('a waiver makes nothing good that could not be judged', () => {
    const run = { known: CASES, planned: CASES, results: failedResult(3, { waived: true }) }
    expect(judgeVerdict(run, ['1 case could not be judged.'])).toBe('invalid')
  })
})

describe('a run with waivers', () => {
  const until = (rule: Waiver['rule']): Waiver => ({ ...waiver(), rule, expires: '2999-12-31' })

  test('covers the failed cases that a waived rule comes first in, and no others', async () => {
    const only = await runConformance(createShallowHarness(), {
      rules: ['MIG-03'],
      waivers: [until('MIG-03')],
    })
    expect(only.verdict).toBe('not-conformant')
    const coveredBy = (first: string) =>
      only.cases.filter(({ id, status }) => id.startsWith(first) && status !== 'skipped').map(({ id }) => id)
    expect(coveredBy('MIG-03').length).toBeGreaterThan(0)
    expect(only.waivers).toMatchObject([{ rule: 'MIG-03', cases: coveredBy('MIG-03') }])
    expect(only.cases.filter(({ waived }) => waived).map(({ id }) => id)).toEqual(coveredBy('MIG-03'))
    const waivers = [until('MIG-03'), until('MIG-05')]
    const both = await runConformance(createShallowHarness(), { rules: ['MIG-03'], waivers })
    const executed = both.cases.filter(({ status }) => status !== 'skipped')
    expect(both).toMatchObject({ verdict: 'partial', reasons: [], executed: executed.length })
    expect(executed.map(({ status, waived }) => ({ status, waived }))).toEqual(
      executed.map(() => ({ status: 'failed', waived: true })),
    )
    expect(both.rules.find(({ id }) => id === 'MIG-03')).toMatchObject({ status: 'waived' })
    expect(formatReport(both)).toContain(
      `waiver MIG-03, until 2999-12-31: ${waiver().reason} (${waiver().link}); covers ${coveredBy('MIG-03').join(', ')}`,
    )
  })

  test('does not begin with one that has expired', async () => {
    const waivers = [{ ...until('MIG-05'), expires: '2020-01-01' }]
    const report = await runConformance(createShallowHarness(), { rules: ['MIG-05'], waivers })
    expect(report).toMatchObject({ verdict: 'invalid', cases: [] })
    expect(report.reasons).toEqual([expect.stringContaining('expired on 2020-01-01')])
  })
})

describe('a rule that a waiver does not name', () => {
  const waivedUnder = (first: string, showing: string): readonly CaseResult[] =>
    CASES.map((conformanceCase) => {
      const [rule] = conformanceCase.rules
      const isLeft = conformanceCase.rules.some((id) => id === showing) && rule !== first
      const status = rule === first ? 'failed' : isLeft ? 'skipped' : 'passed'
      return { ...unjudged(conformanceCase, null), status, waived: rule === first }
    })

  test('must be shown by other cases than those that are waived', () => {
    const run = { known: CASES, planned: CASES, results: waivedUnder('LIF-02', 'TXN-09') }
    expect(findHiddenRules(run)).toEqual([
      'Nothing shows TXN-09 but cases whose failure is waived for another rule.',
    ])
    expect(judgeRules(run, STORE_SUBJECT.isBoundBy).find(({ id }) => id === 'TXN-09')).toMatchObject({
      status: 'waived',
    })
    expect(judgeRules(run, STORE_SUBJECT.isBoundBy).find(({ id }) => id === 'TXN-11')).toMatchObject({
      status: 'passed',
    })
    expect(findHiddenRules({ ...run, planned: CASES.slice(1) })).toEqual([])
  })
})
