import { expect, test } from 'vitest'
import { fingerprintRequest } from './request-fingerprint.ts'

test('equal requests have equal fingerprints, others have others', () => {
  const fingerprint = fingerprintRequest('user.create', { kind: 'person', id: undefined })
  expect(fingerprintRequest('user.create', { kind: 'person' })).toBe(fingerprint)
  expect(fingerprintRequest('user.update', { kind: 'person' })).not.toBe(fingerprint)
  expect(fingerprintRequest('user.create', { kind: 'agent' })).not.toBe(fingerprint)
  expect(fingerprintRequest('user.create', { kind: null })).not.toBe(fingerprint)
})

test('a fingerprint is a digest: short, and without anything of the input [DIA-02]', () => {
  const fingerprint = fingerprintRequest('user.create', { displayName: 'canary-name'.repeat(100) })
  expect(fingerprint).toMatch(/^[\w-]{43}$/)
})
