import { hash } from 'node:crypto'
import { type CanonicalInput, writeCanonicalJson } from './canonical-json.ts'

/**
 * Tells one request from another under the same idempotency key [TXN-04]: a SHA-256 digest of the action and the
 * input, from which nothing of the input can be read.
 */
export function fingerprintRequest(action: string, input: CanonicalInput): string {
  return hash('sha256', `${action}\n${writeCanonicalJson(input)}`, 'base64url')
}
