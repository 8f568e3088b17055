// The record and what is said of it; the proof itself runs on real servers, by `pnpm proof`.
import { expect, test } from 'vitest'
import { BROKEN_PROVIDERS } from './broken-providers.ts'
import { renderCapabilityMatrix } from './capability-matrix.ts'
import { GOOD_PROVIDERS } from './good-providers.ts'
import { judgeBroken, judgeGood } from './provider-proof.ts'
import { readCapabilityMatrix, readProviderRecords } from './record.ts'

const records = readProviderRecords()
const provider = { id: 'some', breaks: 'CAP-07' } as const
const found = { failed: ['CAP-07.row-security-binds-the-owner'], invalid: [], findings: ['boundary.force'] }

test('there are at least twenty broken providers and three good ones, each once and each on record as caught', () => {
  const ids = [...BROKEN_PROVIDERS, ...GOOD_PROVIDERS].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(BROKEN_PROVIDERS.length).toBeGreaterThanOrEqual(20)
  expect(GOOD_PROVIDERS.length).toBeGreaterThanOrEqual(3)
  expect(Object.keys(records).toSorted()).toEqual(BROKEN_PROVIDERS.map(({ id }) => id).toSorted())
  for (const { failed } of Object.values(records)) expect(failed.length).toBeGreaterThan(0)
})

test('what is as on record is no trouble', () => {
  expect(judgeBroken(provider, found, found)).toEqual([])
})

test('survivors, kills by other cases alone, and whatever is not on record are told', () => {
  expect(judgeBroken(provider, { ...found, failed: [] }, { ...found, failed: [] })).toEqual([
    'some survived: no case failed.',
  ])
  const elsewhere = { ...found, failed: ['CAP-01.description-does-not-change'] }
  expect(judgeBroken(provider, elsewhere, elsewhere)).toEqual([
    'some breaks CAP-07, and no case that failed is evidence for that.',
  ])
  expect(judgeBroken(provider, found, undefined)).toEqual([
    'some is not on record: run the proof with --update.',
  ])
  const other = {
    failed: [...found.failed, 'CAP-07.nobody-else-has-rights'],
    invalid: ['CAP-04.x'],
    findings: [],
  }
  expect(judgeBroken(provider, found, other)).toEqual([
    'some: on record as failed, and not so: CAP-07.nobody-else-has-rights.',
    'some: on record as invalid, and not so: CAP-04.x.',
    'some: not on record as findings: boundary.force.',
  ])
  const decidedByTiming = ['CAP-07.nobody-else-has-rights']
  expect(
    judgeBroken({ ...provider, decidedByTiming }, found, { ...other, invalid: [], findings: found.findings }),
  ).toEqual([])
})

test('a good provider that is not conformant, or that the store complains about, is told', () => {
  const report = { verdict: 'invalid', reasons: ['No case was selected.'], cases: [] }
  expect(judgeGood({ id: 'good' }, { report: report as never, findings: ['server.durability'] })).toEqual([
    'good is invalid: No case was selected.',
    'good is not as the store would have it: server.durability.',
  ])
})

test('the published matrix is current; if not, run `pnpm proof --update`', () => {
  expect(readCapabilityMatrix()).toBe(renderCapabilityMatrix(records))
})
