import { expect, test } from 'vitest'
import { RULE_SECTIONS } from './rule.ts'
import { findRule, RULES, sectionTitle } from './rule-registry.ts'

test('ids are unique, numbered without gaps within their section, and in the order of the sections', () => {
  const expected = RULE_SECTIONS.flatMap((section) => {
    const count = RULES.filter(({ id }) => id.startsWith(`${section}-`)).length
    return Array.from({ length: count }, (_, index) => `${section}-${String(index + 1).padStart(2, '0')}`)
  })
  expect(RULES.map(({ id }) => id)).toEqual(expected)
})

test('every rule says what, why, and if it is not tested, why not', () => {
  for (const { text, reason, untested } of RULES) {
    expect(text).toMatch(/[.`]$/)
    expect(reason).toMatch(/[.]$/)
    if (untested !== undefined) expect(untested.length).toBeGreaterThan(20)
  }
})

test('a rule is found by its id', () => {
  expect(findRule('TXN-03')?.id).toBe('TXN-03')
  expect(findRule('TXN-99')).toBeUndefined()
  expect(sectionTitle('TXN')).toBe('Transactions')
})
