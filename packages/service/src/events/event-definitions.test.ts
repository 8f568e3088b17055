import { expect, test } from 'vitest'
import { EVENT_DEFINITIONS, EVENT_TYPES } from './event-definitions.ts'

test.each(EVENT_TYPES)('%s is named after its entity and refuses unknown payload fields', (type) => {
  expect(type).toMatch(/^user-engine\.[a-z-]+\.[a-z-]+$/)
  const { payload, schemaVersion } = EVENT_DEFINITIONS[type]
  expect(schemaVersion).toBe(1)
  const parsed = payload.safeParse({ displayName: 'x' })
  expect(parsed.error?.issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true)
})

test('no payload has room for a name, a subject or a value', () => {
  for (const type of EVENT_TYPES) {
    const fields = Object.keys(EVENT_DEFINITIONS[type].payload.shape)
    for (const field of ['displayName', 'name', 'issuer', 'subject', 'value', 'default', 'source']) {
      expect(fields).not.toContain(field)
    }
  }
})
