// What the engine makes of a harness about a capability; what the cases find on real servers is shown elsewhere.
import { EventEmitter } from 'node:events'
import type { PostgresCapability } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { certify } from '../certificate/certificate.ts'
import { verifyCertificate } from '../certificate/verify-certificate.ts'
import { formatReport } from '../format-report.ts'
import { renderHtml } from '../report-files/html-report.ts'
import { renderJUnit } from '../report-files/junit-report.ts'
import { conformanceReportSchema } from '../report-files/report-schema.ts'
import { runConformance } from '../run-conformance.ts'
import { makeCapabilityReport } from '../testing/made-report.ts'
import { createPaperHarness, PAPER_DESCRIPTION, paperLease } from '../testing/paper-capability.ts'
import { CAPABILITY_CASES } from './capability-cases.ts'

const report = await runConformance(createPaperHarness())
const statusOf = (id: string, of = report) => of.cases.find((result) => result.id === id)?.status

test('a capability that nobody can connect with fails in one case, and nothing else is held against it', () => {
  expect(report.verdict).toBe('not-conformant')
  const failed = report.cases.filter(({ status }) => status === 'failed')
  expect(failed.map(({ id }) => id)).toEqual(['CAP-03.leases-open-sessions'])
  expect(failed[0]?.failure).toMatchObject({ expected: 'null', actual: "'ECONNREFUSED'" })
  const reason = 'The runtime lease opens no session: Error: nobody listens.'
  expect(report.cases.filter((result) => result.reason === reason).length).toBeGreaterThan(15)
  expect(statusOf('CAP-01.plain-data-and-functions')).toBe('passed')
})

test('a verb that the harness lacks is named, and a case that does not apply names an answer of the capability', () => {
  const reasons = report.cases.map((result) => result.reason)
  for (const verb of ['rotate', 'restore', 'installations'])
    expect(reasons).toContain(`The manifest demands this case: add ${verb} to the harness.`)
  expect(reasons).toContain('pooler.mode is none')
  expect(reasons).toContain('leases.expire is false')
  expect(report.reasons.filter((reason) => reason.includes('without naming a capability'))).toEqual([])
})

test('every output says what was judged, survives its file, and holds no password', () => {
  expect(report).toMatchObject({ subject: 'postgres-capability', judged: { name: 'paper', version: '1' } })
  expect(report.rules.map(({ id }) => id.slice(0, 3))).toEqual(report.rules.map(() => 'CAP'))
  expect(report.tiers).toEqual([])
  const json = JSON.stringify(report)
  expect(conformanceReportSchema.parse(JSON.parse(json))).toEqual(report)
  const outputs = [json, formatReport(report), renderHtml(report), renderJUnit(report)]
  for (const output of outputs) expect(output).not.toContain('canary-password')
  expect(formatReport(report)).toContain('paper: Postgres capability of paper 1 against protocol')
  expect(renderHtml(report)).not.toMatch(/SHP: Shape|Durability, as it was/)
  expect(renderHtml(report)).toContain('<code>pooler.mode</code>')
  expect(renderJUnit(report)).toContain('<testsuite name="CAP: Postgres capability"')
})

test('a certificate of a capability is valid, and no certificate of a store', () => {
  const certificate = certify(makeCapabilityReport())
  expect(certificate).toMatchObject({ subject: 'postgres-capability', judged: { name: 'paper' }, tiers: [] })
  expect(certificate.caseList.count).toBe(CAPABILITY_CASES.length)
  expect(verifyCertificate(JSON.parse(JSON.stringify(certificate)))).toMatchObject({ status: 'valid' })
  expect(verifyCertificate({ ...certificate, subject: 'store' }).status).toBe('wrong')
})

test.each([
  ['a pool', new EventEmitter()],
  ['a connection string', 'postgres://localhost/users'],
  ['nothing', undefined],
])('%s is no capability: nothing is judged, and a sentence says what to hand over', async (_, given) => {
  const { verdict, reasons } = await runConformance(createPaperHarness({ capability: given as never }))
  expect(verdict).toBe('invalid')
  expect(reasons).toEqual([expect.stringContaining('hand over data and functions, not a pool')])
})

test('a driver object in the pocket of a lease is found, and the rest is judged', async () => {
  const capability: PostgresCapability = {
    describe: async () => PAPER_DESCRIPTION,
    lease: async (role) => Object.assign(paperLease(role), { client: new EventEmitter() }),
  }
  const found = await runConformance(createPaperHarness({ capability }), { rules: ['CAP-01'] })
  const failed = found.cases.filter(({ status }) => status === 'failed')
  expect(failed.map(({ id }) => id)).toEqual([
    'CAP-01.plain-data-and-functions',
    'CAP-03.leases-open-sessions',
  ])
  expect(failed[0]?.failure?.actual).toContain("lease('runtime').client")
})

test.each([
  ['a description without an epoch', { epoch: '' }, 'expected at least 1 characters at epoch'],
  ['a description with an unknown pooler', { pooler: { mode: 'magic' } }, 'at pooler.mode'],
])('%s cannot be judged', async (_, changes, reason) => {
  const capability = {
    describe: async () => ({ ...PAPER_DESCRIPTION, ...changes }) as never,
    lease: async (role: 'runtime') => paperLease(role),
  }
  const { verdict, reasons } = await runConformance(createPaperHarness({ capability }))
  expect(verdict).toBe('invalid')
  expect(reasons.join()).toContain(reason)
})

test('suites, rules and waivers are those of its kind', async () => {
  const harness = createPaperHarness()
  expect((await runConformance(harness, { suites: ['VER'] })).reasons).toEqual([
    expect.stringMatching(/^There is no suite VER; the suites are .*CAP/),
  ])
  expect((await runConformance(harness, { rules: ['VER-01'] })).reasons).toEqual([
    'VER-01 is judged by the other kind of harness.',
  ])
  const waive = (rule: 'CAP-02' | 'CAP-04') => [
    { rule, reason: 'not yet', link: 'https://tracker.example/1', expires: '2999-12-31' },
  ]
  expect((await runConformance(harness, { waivers: waive('CAP-02') })).reasons).toEqual([
    'Waiver 1 names CAP-02, which binds everything that is handed over: it cannot be waived.',
  ])
  const waived = await runConformance(harness, { waivers: waive('CAP-04'), rules: ['CAP-01'] })
  expect(waived.waivers).toMatchObject([{ rule: 'CAP-04', cases: [] }])
})
