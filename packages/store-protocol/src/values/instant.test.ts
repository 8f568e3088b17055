import { expect, test } from 'vitest'
import { instantSchema } from './instant.ts'

test('what was checked before makes nothing good', () => {
  expect(instantSchema.safeParse('').success).toBe(false)
  expect(instantSchema.safeParse('2026-01-31T09:30:00.000Z').success).toBe(true)
  expect(instantSchema.safeParse('').success).toBe(false)
  expect(instantSchema.safeParse('2026-02-31T09:30:00.000Z').success).toBe(false)
  expect(instantSchema.safeParse('2026-02-31T09:30:00.000Z').success).toBe(false)
})

test.each([
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
  '2024-02-29T12:00:00.001Z',
  '2000-02-29T00:00:00.000Z',
])('%s is an instant', (text) => {
  expect(instantSchema.safeParse(text).success).toBe(true)
  expect(new Date(text).toISOString()).toBe(text)
})

test.each([
  '0000-01-01T00:00:00.000Z',
  '2023-02-29T00:00:00.000Z',
  '1900-02-29T00:00:00.000Z',
  '2026-04-31T00:00:00.000Z',
  '2026-01-01T24:00:00.000Z',
  '2026-01-01T00:00:60.000Z',
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.0000Z',
  '2026-01-01T00:00:00.000+00:00',
  '2026-1-1T00:00:00.000Z',
  '+010000-01-01T00:00:00.000Z',
  ' 2026-01-01T00:00:00.000Z',
])('%s is none', (text) => {
  expect(instantSchema.safeParse(text).success).toBe(false)
})
