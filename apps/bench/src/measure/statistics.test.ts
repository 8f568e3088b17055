import { expect, test } from 'vitest'
import { median, quantile } from './statistics.ts'

test('the median is the middle, or half way between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})

test('quantiles lie between the neighbours', () => {
  const values = [10, 20, 30, 40, 50]
  expect(quantile(values, 0)).toBe(10)
  expect(quantile(values, 0.95)).toBeCloseTo(48)
  expect(quantile(values, 1)).toBe(50)
})
