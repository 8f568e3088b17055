// One judgement, whoever runs the cases: the command line's engine, vitest and node:test.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CASES } from './cases.ts'
import {
  concludeTest,
  defineConformanceTests,
  type SkippableTest,
  type TestRunner,
} from './conformance-tests.ts'
import type { ConformanceHarness } from './harness.ts'
import type { CaseResult } from './report.ts'
import { unjudged } from './run-case.ts'
import { runConformance } from './run-conformance.ts'
import { runNode } from './testing/run-process.ts'
import { createShallowHarness } from './testing/shallow-harness.ts'
import { SHALLOW_SELECTION } from './testing/shallow-selection.ts'

type Outcomes = Readonly<Record<string, string>>

const report = await runConformance(createShallowHarness(), SHALLOW_SELECTION)
const judged: Outcomes = Object.fromEntries(
  report.cases.map(({ id, status, waived }) => [id, waived ? 'skipped' : status]),
)

describe('the same verdict for every case', () => {
  test('the selection has every kind of it', () => {
    expect(new Set(Object.values(judged))).toEqual(new Set(['passed', 'failed', 'skipped']))
    expect(report.cases.some(({ waived }) => waived)).toBe(true)
  })

  test('under node:test', async () => {
    const { stdout, exitCode } = await runNode(
      ...['--test', '--test-reporter=junit', 'src/testing/shallow-node-test.ts'],
    )
    const outcomes = [
      ...stdout.matchAll(/<testcase name="([^:"]+): [^>]*?(\/>|>\s*<(failure|skipped))/g),
    ].map(([, id, , trouble]) => [
      id,
      trouble === undefined ? 'passed' : trouble === 'failure' ? 'failed' : trouble,
    ])
    expect(Object.fromEntries(outcomes)).toEqual(judged)
    expect(exitCode).toBe(1)
  })

  test('under vitest', async () => {
    const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url).pathname
    const folder = await mkdtemp(join(tmpdir(), 'conformance-vitest-'))
    const output = join(folder, 'output.json')
    const { exitCode } = await runNode(
      ...[vitest, 'run', '--config', 'src/testing/shallow-vitest.config.ts'],
      ...['--reporter=json', `--outputFile=${output}`],
    )
    const files: { readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[] } =
      JSON.parse(await readFile(output, 'utf8'))
    await rm(folder, { recursive: true })
    const outcomes = files.testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status }) => [
        title.split(':')[0],
        SKIPPED.has(status) ? 'skipped' : status,
      ]),
    )
    expect(Object.fromEntries(outcomes)).toEqual(judged)
    expect(exitCode).toBe(1)
  })
})

interface Assertion {
  readonly title: string
  readonly status: string
}

const SKIPPED = new Set(['skipped', 'pending'])

/** A runner that collects what it is given. */
function collect(harness: ConformanceHarness, options: Parameters<typeof defineConformanceTests>[2]) {
  const steps: { before?: () => Promise<void>; after?: () => Promise<void> } = {}
  const tests: ((test: SkippableTest) => Promise<void>)[] = []
  const runner: TestRunner = {
    describe: (_, define) => define(),
    it: (_, run) => void tests.push(run),
    before: (run) => {
      steps.before = run
    },
    after: (run) => {
      steps.after = run
    },
  }
  defineConformanceTests(harness, runner, options)
  return { ...steps, tests }
}

describe('around the tests', () => {
  test('the harness is proved before the first and disposed of after the last', async () => {
    const calls: string[] = []
    const harness = createShallowHarness({ dispose: async () => void calls.push('dispose') })
    const { before, after, tests } = collect(harness, { rules: ['VER-01'] })
    await before?.()
    await expect(tests[0]?.({ skip() {} })).rejects.toThrow('expected: ')
    expect(calls).toEqual([])
    await after?.()
    expect(calls).toEqual(['dispose'])
  })

  test('a harness with dispose needs a runner that can call it', () => {
    const runner: TestRunner = { describe: () => {}, it: () => {} }
    const harness = createShallowHarness({ dispose: async () => {} })
    expect(() => defineConformanceTests(harness, runner, {})).toThrow(
      'give the function that runs something after',
    )
    expect(() => defineConformanceTests(createShallowHarness(), runner, {})).not.toThrow()
  })

  test('a waiver that does not hold and a selection that names nothing fail before anything runs', async () => {
    const expired = SHALLOW_SELECTION.waivers.map((waiver) => ({ ...waiver, expires: '2020-01-01' }))
    const late = collect(createShallowHarness(), { rules: ['MIG-03'], waivers: expired })
    await expect(late.before?.()).rejects.toThrow('Waiver 1 for MIG-03 expired on 2020-01-01')
    const unknown = collect(createShallowHarness(), { rules: ['TXN-99'] })
    await expect(unknown.before?.()).rejects.toThrow('The contract has no rule TXN-99.')
  })

  test('what is advisory or waived is a skip that says what failed, and what is neither fails', () => {
    const [conformanceCase] = CASES
    if (conformanceCase === undefined) throw new Error('there are cases')
    const failure = { rule: 'TXN-01: text', what: 'it holds', expected: '1', actual: '2', where: 'unknown' }
    const end = (changes: Partial<CaseResult>) => {
      const notes: (string | undefined)[] = []
      concludeTest(
        { ...unjudged(conformanceCase, 'no disk'), ...changes },
        { skip: (note) => notes.push(note) },
      )
      return notes
    }
    const failed = { status: 'failed', failure, reason: null } as const
    expect(end({ ...failed, advisory: true })).toEqual([expect.stringContaining('advisory: it holds')])
    expect(end({ ...failed, waived: true })).toEqual([expect.stringContaining('waived: it holds')])
    expect(end({ advisory: true })).toEqual(['advisory: This could not be judged. no disk'])
    expect(end({ status: 'passed', reason: null, advisory: true })).toEqual([])
    expect(() => end(failed)).toThrow('it holds')
    expect(() => end({})).toThrow('This could not be judged. no disk')
  })

  test('a run that skipped everything fails in the end', async () => {
    const { tests, after } = collect(createShallowHarness(), { rules: ['LIF-03'] })
    const notes: (string | undefined)[] = []
    for (const run of tests) await run({ skip: (note) => void notes.push(note) })
    expect(notes).toEqual(tests.map(() => expect.stringMatching(/^durability\.\w+ is false$/)))
    await expect(after?.()).rejects.toThrow('nothing was judged')
  })
})
