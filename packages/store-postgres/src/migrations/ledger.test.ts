import { expect, test } from 'vitest'
import { judgeHistory, type LedgerEntry, type SchemaFacts } from './ledger.ts'
import type { Migration } from './migration-files.ts'

const KNOWN: readonly Migration[] = ['1_one', '2_two', '3_three'].map((name) => ({
  name,
  sql: '',
  checksum: `sum of ${name}`,
  isOutsideTransaction: false,
}))
const applied = (name: string, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{ name, checksum: `sum of ${name}`, isFinished: true },
  ...changes,
})
const facts = (ledger: readonly LedgerEntry[] | null, changes: Partial<SchemaFacts> = {}): SchemaFacts => ({
  ...{ ledger, hasTables: ledger !== null, isUnreadable: false, oldestKnownMigration: '1_one' },
  ...changes,
})
const all = KNOWN.map(({ name }) => applied(name))

test.each([
  ['an empty schema', facts(null), 'behind', 'behind', ['1_one', '2_two', '3_three']],
  ['a history that may not be read', facts(null, { isUnreadable: true }), 'dirty', 'not-granted', []],
  ['tables without a history', facts(null, { hasTables: true }), 'unknown', 'foreign-tables', []],
  ['everything applied', facts(all), 'current', 'current', []],
  ['some applied', facts(all.slice(0, 2)), 'behind', 'behind', ['3_three']],
  [
    'one unfinished',
    facts([applied('1_one'), applied('2_two', { isFinished: false })]),
    'dirty',
    'unfinished',
    ['2_two'],
  ],
  ['one edited', facts([applied('1_one', { checksum: 'other' })]), 'unknown', 'edited', ['1_one']],
  ['one that this release lost', facts([applied('0_zero'), ...all]), 'unknown', 'missing', ['0_zero']],
  ['one left out in between', facts([applied('1_one'), applied('3_three')]), 'unknown', 'missing', ['2_two']],
  [
    'a newer one that still serves',
    facts([...all, applied('4_four')]),
    'ahead',
    'ahead-compatible',
    ['4_four'],
  ],
  [
    'a newer one that does not',
    facts([...all, applied('4_four')], { oldestKnownMigration: '4_four' }),
    'ahead',
    'ahead',
    ['4_four'],
  ],
  [
    'a newer one that does not say',
    facts([...all, applied('4_four')], { oldestKnownMigration: null }),
    'ahead',
    'ahead',
    ['4_four'],
  ],
] as const)('%s', (_, given, state, code, migrations) => {
  expect(judgeHistory(KNOWN, given)).toMatchObject({ state, code, migrations })
})
