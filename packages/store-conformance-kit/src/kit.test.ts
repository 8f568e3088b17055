// The kit's own guarantees: that its cases cover the contract, and that it cannot pass by doing nothing.
import { findRule, PROTOCOL_VERSION, RULES, type UserEngineStore } from '@user-engine/store-protocol'
import { describe, expect, test } from 'vitest'
import { CAPABILITY_CASES } from './capability/capability-cases.ts'
import { CAPABILITY_SUBJECT } from './capability/capability-subject.ts'
import type { ConformanceCase } from './case.ts'
import { CASES } from './cases.ts'
import { CheckFailure, createCheck } from './check.ts'
import { formatReport } from './format-report.ts'
import { defineHarness } from './harness.ts'
import { findEmptiness, judgeVerdict } from './judge-run.ts'
import { type RunCaseOptions, runCase } from './run-case.ts'
import { runConformance } from './run-conformance.ts'
import { selectCases } from './select-cases.ts'
import { STORE_SUBJECT } from './store-subject.ts'

const ALL = [...CASES, ...CAPABILITY_CASES]

describe('the cases', () => {
  test('every rule of the contract has a case or a written reason why not', () => {
    const bare = RULES.filter(
      ({ id, untested }) => untested === undefined && !ALL.some(({ rules }) => rules.includes(id)),
    )
    expect(bare).toEqual([])
  })

  test('no rule has both a case and a reason why it has none', () => {
    const both = RULES.filter(
      ({ id, untested }) => untested !== undefined && ALL.some(({ rules }) => rules.includes(id)),
    )
    expect(both).toEqual([])
  })

  test('ids are unique, start with the first rule of the case, and every rule exists', () => {
    expect(new Set(ALL.map(({ id }) => id)).size).toBe(ALL.length)
    for (const { id, rules } of ALL) {
      expect(id.split('.')[0]).toBe(rules[0])
      for (const rule of rules) expect(findRule(rule)?.id).toBe(rule)
    }
  })

  test('every case shows first of all a rule about what it judges', () => {
    for (const subject of [STORE_SUBJECT, CAPABILITY_SUBJECT]) {
      for (const { id, rules } of subject.cases) {
        const rule = findRule(rules[0])
        expect(rule !== undefined && subject.isBoundBy(rule), id).toBe(true)
      }
    }
  })

  test('selection by suite and by rule', () => {
    expect(
      selectCases(CASES, { suites: ['VER'] }).every(({ rules }) =>
        rules.some((rule) => rule.startsWith('VER-')),
      ),
    ).toBe(true)
    expect(selectCases(CASES, { rules: ['TXN-03'] }).map(({ id }) => id)).toContain(
      'TXN-03.swallowed-failure-is-reported',
    )
    expect(selectCases(CASES, { select: () => false })).toEqual([])
  })
})

describe('a check', () => {
  test('counts, and fails with what was expected and what was seen', async () => {
    const check = createCheck()
    check.equal({ a: [1] }, Object.freeze({ a: [1] }), 'equal by content')
    check.ok(true, 'holds')
    expect(check.count).toBe(2)
    const failure = catchFailure(() => check.equal({ a: [1, { b: 1 }] }, { a: [1, { b: 2 }] }, 'one is two'))
    expect(failure).toMatchObject({ what: 'one is two, at a[1].b', expected: '2', actual: '1' })
    expect(failure.where).toMatch(/^src\/kit\.test\.ts:\d+:\d+$/)
    await expect(check.rejects(Promise.resolve(7), 'NOT_FOUND', 'a call')).rejects.toThrow('success with 7')
    await expect(check.rejects(Promise.reject(new Error('x')), 'NOT_FOUND', 'a call')).rejects.toThrow(
      'another family',
    )
    await expect(check.settlesWithin(new Promise(() => {}), 5, 'a call')).rejects.toThrow('within 5 ms')
    await expect(check.eventually(async () => undefined, 'never', 5)).rejects.toThrow('within 5 ms')
  })

  test('cuts what it shows', () => {
    const check = createCheck()
    expect(() => check.equal('x'.repeat(10_000), '', 'long')).toThrow(/… \(10002 characters\)/)
  })
})

function catchFailure(assertion: () => void): CheckFailure {
  try {
    assertion()
  } catch (error) {
    if (error instanceof CheckFailure) return error
  }
  throw new Error('The assertion held.')
}

const MANIFEST = freeze({
  store: { name: 'fake', version: '1' },
  transactions: {
    isolation: 'snapshot',
    readIsolation: 'snapshot',
    maxNesting: 8,
    deadlines: 'client',
    defaultTimeoutMs: 1,
    maxTimeoutMs: 1,
  },
  idempotency: { retentionMs: null },
  durability: { durable: false, shared: false, multiProcess: false },
  tenancy: { enforcement: 'store' },
  audit: { appendOnly: 'store' },
  outbox: { maxAttempts: 3, maxBatch: 1, maxLeaseMs: 1 },
  schema: { migrated: false },
} as const)

function freeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}

const closed: string[] = []

function harnessOver(changes: object = {}) {
  let namespaces = 0
  const store = {
    protocolVersion: PROTOCOL_VERSION,
    capabilities: MANIFEST,
    close: async () => void closed.push('store'),
    ...changes,
  }
  return defineHarness({
    name: 'fake',
    freshNamespace: async () => `n${++namespaces}`,
    destroyNamespace: async (namespace) => void closed.push(namespace),
    open: async () => store as unknown as UserEngineStore,
    reference: async () => store as unknown as UserEngineStore,
  })
}

function caseThat(run: ConformanceCase['run'], changes: Partial<ConformanceCase> = {}): ConformanceCase {
  return { id: 'TXN-01.fake', rules: ['TXN-01'], title: 'a fake case', run, ...changes }
}

function run(conformanceCase: ConformanceCase, options: RunCaseOptions = {}, harness = harnessOver()) {
  return runCase({ subject: STORE_SUBJECT, harness, manifest: MANIFEST }, conformanceCase, options)
}

describe('running one case', () => {
  test('a case without an assertion is invalid, not passed', async () => {
    const result = await run(caseThat(async () => {}))
    expect(result).toMatchObject({ status: 'invalid', checks: 0, reason: 'The case made no assertion.' })
  })

  test('a failed case names the rule, what was expected and seen; everything is closed', async () => {
    closed.length = 0
    const failing = caseThat(async ({ open, check }) => {
      await open()
      check.equal(1, 2, 'one is two')
    })
    const result = await run(failing)
    expect(result).toMatchObject({
      status: 'failed',
      failure: { what: 'one is two', expected: '2', actual: '1' },
    })
    expect(result.failure?.rule).toContain('TXN-01: ')
    expect(closed).toEqual(['store', 'n1'])
  })

  test('a case that never ends is failed in time', async () => {
    const endless = caseThat(() => new Promise(() => {}))
    const result = await run(endless, { caseTimeoutMs: 10 })
    expect(result).toMatchObject({ status: 'failed', failure: { expected: 'an end within 10 ms' } })
  })

  test('a case that does not apply is skipped with the capability; one that the harness cannot serve is invalid', async () => {
    const skipped = caseThat(async () => {}, { notFor: () => 'durability.durable is false' })
    expect(await run(skipped)).toMatchObject({
      status: 'skipped',
      reason: 'durability.durable is false',
    })
    const lacking = caseThat(async () => {}, { needs: ['backend'] })
    const result = await run(lacking)
    expect(result).toMatchObject({
      status: 'invalid',
      reason: expect.stringContaining('add backend to the harness'),
    })
  })

  test('a harness that fails makes a case invalid, never failed', async () => {
    const broken = { ...harnessOver(), destroyNamespace: () => Promise.reject(new Error('no disk')) }
    const passing = caseThat(async ({ check }) => check.ok(true, 'holds'))
    expect(await run(passing, {}, broken)).toMatchObject({
      status: 'invalid',
      reason: 'destroyNamespace() of the harness failed: Error: no disk.',
    })
  })

  test('a store that cannot be closed, and a rejection that nobody hears, fail the case that passed', async () => {
    const unclosable = harnessOver({ close: () => Promise.reject(new Error('busy')) })
    const opening = caseThat(async ({ open, check }) => {
      await open()
      check.ok(true, 'holds')
    })
    expect(await run(opening, {}, unclosable)).toMatchObject({
      status: 'failed',
      failure: { what: 'the store closes', actual: expect.stringContaining('busy') },
    })
    const careless = caseThat(async ({ check }) => {
      void Promise.reject(new Error('unheard'))
      check.ok(true, 'holds')
    })
    expect(await run(careless)).toMatchObject({
      status: 'failed',
      failure: { what: 'no unhandled rejection', actual: expect.stringContaining('unheard') },
    })
  })

  test('a fault is taken back and every namespace destroyed when the case fails half-way', async () => {
    closed.length = 0
    const backend = {
      kill: async () => void closed.push('kill'),
      start: async () => void closed.push('start'),
      pause: async () => void closed.push('pause'),
      resume: async () => void closed.push('resume'),
    }
    const failing = caseThat(
      async ({ backend: { pause }, check }) => {
        await pause()
        check.ok(false, 'holds')
      },
      { needs: ['backend'] },
    )
    expect(await run(failing, {}, { ...harnessOver(), backend })).toMatchObject({ status: 'failed' })
    expect(closed).toEqual(['pause', 'resume', 'n1'])
  })
})

describe('a whole run', () => {
  test('nothing selected is invalid', async () => {
    expect(findEmptiness({ planned: [], results: [] })).toEqual(['No case was selected.'])
    expect(judgeVerdict({ known: CASES, planned: [], results: [] }, ['No case was selected.'])).toBe(
      'invalid',
    )
  })

  test('a harness that throws is invalid, with a sentence, and no case runs', async () => {
    const harness = { ...harnessOver(), freshNamespace: () => Promise.reject(new Error('no disk')) }
    const report = await runConformance(harness)
    expect(report).toMatchObject({ verdict: 'invalid', executed: 0 })
    expect(report.reasons[0]).toBe('Before any case: freshNamespace() of the harness failed: Error: no disk.')
    expect(formatReport(report)).toContain('verdict: invalid')
  })

  test.each([
    ['another protocol', { protocolVersion: 99 }, 'implements protocol 99'],
    [
      'an incomplete manifest',
      { capabilities: freeze({ ...MANIFEST, audit: {} }) },
      'capabilities.audit.appendOnly: expected one of store, engine',
    ],
    [
      'an unknown capability',
      { capabilities: freeze({ ...MANIFEST, magic: true }) },
      'capabilities: expected no unknown fields',
    ],
    ['a manifest that can be changed', { capabilities: { ...MANIFEST } }, 'can be changed at capabilities'],
    [
      'too little nesting',
      { capabilities: freeze({ ...MANIFEST, transactions: { ...MANIFEST.transactions, maxNesting: 7 } }) },
      'maxNesting',
    ],
  ])('a store with %s is not judged', async (_, changes, reason) => {
    const report = await runConformance(harnessOver(changes))
    expect(report).toMatchObject({ verdict: 'invalid', executed: 0 })
    expect(report.reasons.join()).toContain(reason)
  })

  test('every rule about a store is in the report of a store, and the others are not', async () => {
    const report = await runConformance(harnessOver(), { select: () => false })
    expect(report.rules.map(({ id }) => id)).toEqual(
      RULES.map(({ id }) => id).filter((id) => !id.startsWith('CAP-')),
    )
    expect(report.rules.find(({ id }) => id === 'QRY-04')).toMatchObject({
      status: 'untested',
      reason: expect.any(String),
    })
  })
})
