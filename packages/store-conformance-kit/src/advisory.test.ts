import { expect, test } from 'vitest'
import { isAdvisory } from './advisory.ts'
import { CASES } from './cases.ts'
import { PACKAGE_VERSION } from './package-info.ts'

test.each([
  [undefined, '1.4.0', false],
  ['1.0.0', '1.4.0', false],
  ['1.2.0', '1.4.0', true],
  ['1.0.1', '1.4.0', true],
  ['1.2.0', '2.0.0', false],
  ['0.2.0', '0.2.3', false],
  ['0.2.1', '0.2.3', true],
  ['0.2.1', '0.3.0', false],
  ['0.2.1', '1.0.0', false],
])('a case since %s is, in kit %s, advisory: %s', (since, kit, advisory) => {
  expect(isAdvisory(since, kit)).toBe(advisory)
})

test('a version that is none is an error, and no case has one', () => {
  expect(() => isAdvisory('soon', '1.0.0')).toThrow('soon is not a version')
  for (const { since } of CASES) expect(() => isAdvisory(since, PACKAGE_VERSION)).not.toThrow()
})
