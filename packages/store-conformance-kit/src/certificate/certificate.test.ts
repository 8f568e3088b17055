import { describe, expect, test } from 'vitest'
import { CASES } from '../cases.ts'
import { makeReport } from '../testing/made-report.ts'
import { digestCaseList } from './case-list-digest.ts'
import { type ConformanceCertificate, certificateSchema, certify, KILL_SCORES } from './certificate.ts'
import { verifyCertificate } from './verify-certificate.ts'

const NOW = new Date('2026-11-24T12:00:00.000Z')
const issue = { issuedAt: new Date('2026-11-02T10:00:00.000Z') }

const WAIVED_CASE = 'MIG-05.damaged-histories-are-not-migrated'
const WAIVER = { reason: 'known', link: 'https://tracker.example/7', expires: '2026-12-31' }
const WAIVERS = [
  { rule: 'MIG-05', ...WAIVER },
  { rule: 'LIF-03', ...WAIVER },
] as const
const FAILURE = { rule: 'MIG-05: text', what: 'x', expected: '1', actual: '2', where: 'unknown' }

const plain = () => certify(makeReport(), issue)
const waived = () =>
  certify(makeReport({ [WAIVED_CASE]: { status: 'failed', waived: true, failure: FAILURE } }, WAIVERS), issue)

describe('the digest of a case list', () => {
  test('is the same for every order and differs for every id and every rule', () => {
    const [one, other] = [
      { id: 'A-1.x', rules: ['A-1'] },
      { id: 'B-1.x', rules: ['B-1', 'A-1'] },
    ]
    const digest = digestCaseList([one, other])
    expect(digest).toBe('sha256:66bc019ed273899db9b82a466d6cfd14f00e4f31a83709cea52e29b2fa24d338')
    expect(digestCaseList([other, one])).toBe(digest)
    expect(digestCaseList([one])).not.toBe(digest)
    expect(digestCaseList([one, { ...other, id: 'B-1.y' }])).not.toBe(digest)
    expect(digestCaseList([one, { ...other, rules: ['B-1'] }])).not.toBe(digest)
  })
})

describe('certifying', () => {
  test('says all that a reader must know, survives its file and is valid', () => {
    const certificate = certify(makeReport(), issue)
    expect(certificate).toMatchObject({
      verdict: 'conformant',
      caseList: { count: CASES.length, digest: digestCaseList(CASES) },
      judged: { name: 'shallow', version: '1' },
      seeds: [7],
      killScore: KILL_SCORES.store,
      issuedAt: '2026-11-02T10:00:00.000Z',
    })
    expect(certificate.counts.passed + certificate.counts.skipped).toBe(CASES.length)
    const copy = JSON.parse(JSON.stringify(certificate))
    expect(certificateSchema.parse(copy)).toEqual(certificate)
    expect(verifyCertificate(copy, NOW)).toEqual({ status: 'valid', certificate })
  })

  test('a waived failure lowers the verdict, and the waiver stands in the certificate', () => {
    const certificate = waived()
    expect(certificate).toMatchObject({ verdict: 'conformant-with-waivers', counts: { waived: 1 } })
    expect(certificate.waivers.map(({ rule, cases }) => [rule, cases])).toEqual([
      ['MIG-05', [WAIVED_CASE]],
      ['LIF-03', []],
    ])
    expect(verifyCertificate(certificate, NOW).status).toBe('valid')
  })

  test.each(['not-conformant', 'partial', 'invalid'] as const)(
    'a report that is %s is refused',
    (verdict) => {
      expect(() => certify({ ...makeReport(), verdict })).toThrow(
        `A report whose verdict is ${verdict} cannot be certified.`,
      )
    },
  )
})

describe('verifying', () => {
  test.each<[string, (certificate: ConformanceCertificate) => object, string]>([
    ['no kit of this name', ({ kit }) => ({ kit: { ...kit, name: 'another' } }), 'kit.name'],
    ['another protocol', () => ({ protocolVersion: 2 }), 'protocolVersion'],
    [
      'another digest',
      ({ caseList }) => ({ caseList: { ...caseList, digest: `sha256:${'0'.repeat(64)}` } }),
      'caseList.digest',
    ],
    ['another count', ({ caseList }) => ({ caseList: { ...caseList, count: 1 } }), 'caseList.count'],
    ['another store', () => ({ judged: { name: 'better', version: '2' } }), 'judged'],
    ['a case more', ({ counts }) => ({ counts: { ...counts, passed: counts.passed + 1 } }), 'counts'],
    [
      'a skip that the manifest does not demand',
      ({ counts }) => ({ counts: { ...counts, passed: counts.passed - 1, skipped: counts.skipped + 1 } }),
      'counts.skipped',
    ],
    [
      'advisory cases that there are not',
      ({ counts }) => ({ counts: { ...counts, passed: counts.passed - 1, advisory: 1 } }),
      'counts.advisory',
    ],
    ['a better verdict than it has', () => ({ verdict: 'conformant-with-waivers' }), 'verdict'],
    ['a verdict that is none', () => ({ verdict: 'excellent' }), 'verdict'],
    ['a tier less', ({ tiers }) => ({ tiers: tiers.slice(1) }), 'tiers'],
    [
      'a tier that was not run',
      ({ tiers }) => ({
        tiers: tiers.map((tier) => (tier.tier === 'D2' ? { ...tier, status: 'passed' } : tier)),
      }),
      'tiers.D2',
    ],
    [
      'a tier that the manifest rules out',
      ({ tiers }) => ({
        tiers: tiers.map((tier) => (tier.tier === 'D1' ? { ...tier, status: 'passed' } : tier)),
      }),
      'tiers.D1',
    ],
    ['an issue of tomorrow', () => ({ issuedAt: '2026-11-25T00:00:00.000Z' }), 'issuedAt'],
    ['an issue before the run', () => ({ issuedAt: '2026-10-01T00:00:00.000Z' }), 'issuedAt'],
    ['another kill score', () => ({ killScore: { killed: 1, of: 1 } }), 'killScore'],
    ['a field too many', () => ({ signature: 'me' }), 'certificate'],
    ['a field too few', () => ({ seeds: undefined }), 'seeds'],
  ])('%s is found, by the name of its field', (_, change, field) => {
    const certificate = plain()
    const verification = verifyCertificate({ ...certificate, ...change(certificate) }, NOW)
    if (verification.status !== 'wrong') throw new Error(`it is ${verification.status}`)
    expect(verification.issues.map((found) => found.field)).toContain(field)
  })

  test('a waiver that has expired since, is for a core rule or covers what is not its own, is found', () => {
    const later = new Date('2027-01-01T00:00:00.000Z')
    expect(verifyCertificate(waived(), later)).toMatchObject({
      status: 'wrong',
      issues: [
        { field: 'waivers', problem: expect.stringContaining('expired on 2026-12-31') },
        { field: 'waivers', problem: expect.stringContaining('expired on 2026-12-31') },
      ],
    })
    const certificate = waived()
    const [first] = certificate.waivers
    const withWaiver = (changes: object) =>
      verifyCertificate({ ...certificate, waivers: [{ ...first, ...changes }] }, NOW)
    expect(withWaiver({ rule: 'TXN-01', cases: [] })).toMatchObject({
      issues: [{ problem: expect.stringContaining('binds every store') }, { field: 'counts.waived' }],
    })
    expect(withWaiver({ cases: ['VER-01.nothing'] })).toMatchObject({
      issues: [{ problem: 'cover VER-01.nothing, which is no case of their rule' }],
    })
    expect(verifyCertificate({ ...certificate, waivers: [] }, NOW)).toMatchObject({
      issues: [{ field: 'counts.waived' }],
    })
  })

  test('one of another kit release with other cases cannot be told, and which kit can is said', () => {
    const certificate = plain()
    const other = {
      ...certificate,
      kit: { ...certificate.kit, version: '9.1.0' },
      caseList: { count: 3, digest: `sha256:${'0'.repeat(64)}` },
    }
    expect(verifyCertificate(other, NOW)).toEqual({
      status: 'not-verifiable',
      reason: expect.stringContaining('verify it with @user-engine/store-conformance-kit@9.1.0'),
    })
    const sameCases = { ...certificate, kit: other.kit }
    expect(verifyCertificate(sameCases, NOW).status).toBe('valid')
  })
})
