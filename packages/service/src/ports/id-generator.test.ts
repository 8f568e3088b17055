import { idSchema } from '@user-engine/store-protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { createIdGenerator } from './id-generator.ts'

afterEach(() => vi.useRealTimers())

test('ids are UUIDv7, each only once, and grow in the order they are made', () => {
  const ids = createIdGenerator()
  const made = Array.from({ length: 5_000 }, () => ids.next())
  for (const id of made) expect(idSchema.safeParse(id).success).toBe(true)
  expect(new Set(made).size).toBe(made.length)
  expect([...made].sort()).toEqual(made)
})

test('ids go on growing when the clock steps back', () => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T00:00:00.000Z') })
  const ids = createIdGenerator()
  const before = ids.next()
  vi.setSystemTime(Date.parse('2026-01-01T00:00:00.000Z'))
  const after = ids.next()
  expect(after > before).toBe(true)
})

test('two generators never make the same id', () => {
  const [one, other] = [createIdGenerator(), createIdGenerator()]
  const made = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? one : other).next())
  expect(new Set(made).size).toBe(made.length)
})
