// What a run does around its cases: limits, the harness's own verbs, what may be skipped.
import { expect, test } from 'vitest'
import type { ConformanceCase } from './case.ts'
import { CASES } from './cases.ts'
import { formatReport } from './format-report.ts'
import { findUnexcusedSkips, judgeRules } from './judge-run.ts'
import { PACKAGE_VERSION } from './package-info.ts'
import { runCase, unjudged } from './run-case.ts'
import { runConformance } from './run-conformance.ts'
import { STORE_SUBJECT } from './store-subject.ts'
import { createShallowHarness, SHALLOW_MANIFEST } from './testing/shallow-harness.ts'

const bench = () => ({ subject: STORE_SUBJECT, harness: createShallowHarness(), manifest: SHALLOW_MANIFEST })

test('a time budget that is spent names the cases that were not run', async () => {
  const report = await runConformance(createShallowHarness(), { suites: ['VER'], timeBudgetMs: 0 })
  expect(report).toMatchObject({ verdict: 'invalid', executed: 0 })
  expect(report.cases.map(({ reason }) => reason)).toContain(
    'It was not run: the time budget of 0 s was spent.',
  )
  expect(formatReport(report)).toContain(`INVALID ${report.cases[0]?.id}`)
})

test('a run that is interrupted ends after the case that is running', async () => {
  const controller = new AbortController()
  const report = await runConformance(createShallowHarness(), {
    suites: ['VER'],
    signal: controller.signal,
    onProgress: ({ kind }) => kind === 'case-finished' && controller.abort(),
  })
  expect(report.executed).toBe(1)
  expect(report.cases[1]?.reason).toBe('It was not run: the run was interrupted.')
})

test('the harness is disposed of once, also when nothing could be run or the caller fails', async () => {
  let disposals = 0
  const dispose = async () => {
    disposals += 1
  }
  await runConformance(createShallowHarness({ dispose }), { rules: ['VER-01'] })
  expect(disposals).toBe(1)
  const broken = { freshNamespace: () => Promise.reject(new Error('no disk')), dispose }
  await runConformance(createShallowHarness(broken))
  expect(disposals).toBe(2)
  const onProgress = () => {
    throw new Error('mine')
  }
  await expect(runConformance(createShallowHarness({ dispose }), { onProgress })).rejects.toThrow('mine')
  expect(disposals).toBe(3)
})

test('a harness that cannot end what it started is a reason, and a failure still counts', async () => {
  const dispose = () => Promise.reject(new Error('still busy'))
  const report = await runConformance(createShallowHarness({ dispose }), { rules: ['VER-01'] })
  expect(report.verdict).toBe('not-conformant')
  expect(report.reasons).toContain('dispose() of the harness failed: Error: still busy.')
})

test('the version of the backend is in the report; one that cannot be told makes it invalid', async () => {
  const told = await runConformance(createShallowHarness({ backendVersion: async () => 'Engine 7' }), {
    rules: ['VER-01'],
  })
  expect(told.backendVersion).toBe('Engine 7')
  expect(formatReport(told)).toContain('shallow 1 on Engine 7')
  const failing = { backendVersion: () => Promise.reject(new Error('postgres://me:secret@host/db is gone')) }
  const report = await runConformance(createShallowHarness(failing), { rules: ['VER-01'] })
  expect(report.reasons).toContain(
    'backendVersion() of the harness failed: Error: postgres://***@host/db is gone.',
  )
})

test('a selection that names nothing is refused before the harness is touched', async () => {
  const harness = createShallowHarness({ freshNamespace: () => Promise.reject(new Error('touched')) })
  const suites: object = { suites: ['NOPE'] }
  expect((await runConformance(harness, suites)).reasons).toEqual([
    expect.stringMatching(/^There is no suite NOPE; the suites are SHP, TXN, /),
  ])
  const report = await runConformance(harness, { rules: ['TXN-99', 'VER-01', 'QRY-04'] })
  expect(report).toMatchObject({ verdict: 'invalid', executed: 0 })
  expect(report.reasons).toEqual([
    'The contract has no rule TXN-99.',
    expect.stringMatching(/^No case shows QRY-04: /),
  ])
})

test('every skip of a store names the capability that excuses it; one that does not is refused', async () => {
  const results = await Promise.all(
    CASES.filter(({ notFor }) => notFor?.(SHALLOW_MANIFEST)).map((conformanceCase) =>
      runCase(bench(), conformanceCase),
    ),
  )
  expect(results.length).toBeGreaterThan(0)
  expect(results.every(({ status }) => status === 'skipped')).toBe(true)
  expect(findUnexcusedSkips({ results }, SHALLOW_MANIFEST)).toEqual([])
  const unnamed = results.map((result) => ({ ...result, reason: 'durability.magic is false' }))
  expect(findUnexcusedSkips({ results: unnamed }, SHALLOW_MANIFEST)).toEqual(
    results.map(({ id }) => `${id} was skipped without naming a capability of the manifest.`),
  )
})

test('a case that came after the first release of its line fails as advisory, and the terminal says so', async () => {
  const since = PACKAGE_VERSION.replace(/\d+$/, '999')
  const failing: ConformanceCase = {
    ...{ id: 'VER-01.new', rules: ['VER-01'], title: 'a new case', since },
    run: async ({ check }) => check.ok(false, 'it holds'),
  }
  const result = await runCase(bench(), failing)
  expect(result).toMatchObject({ status: 'failed', advisory: true })
  const report = await runConformance(createShallowHarness(), { rules: ['SHP-04'] })
  expect(formatReport({ ...report, cases: [result] })).toContain('FAILED, ADVISORY VER-01.new: a new case')
})

test('a rule whose cases are all advisory is neither passed nor failed', () => {
  const planned = CASES.filter(({ rules }) => rules.includes('VER-01'))
  const results = planned.map((conformanceCase) => ({
    ...unjudged(conformanceCase, null),
    status: 'failed' as const,
    advisory: true,
  }))
  expect(
    judgeRules({ known: CASES, planned, results }, STORE_SUBJECT.isBoundBy).find(({ id }) => id === 'VER-01'),
  ).toMatchObject({
    status: 'advisory',
    reason: expect.any(String),
  })
})
