import { createHmac } from 'node:crypto'
import { UserEngineError } from '@user-engine/store-protocol'

const SECRET_PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const MIN_SECRET_BYTES = 24

/** What is signed: a message id, the time of sending, and the exact body. */
export interface SignedContent {
  readonly id: string
  /** Seconds since 1970, as text. */
  readonly timestamp: string
  readonly body: string
}

/** Signs a webhook message. */
export type WebhookSigner = (content: SignedContent) => string

/**
 * Makes the signer of one secret or of several, as Standard Webhooks has it: HMAC-SHA256 over `id.timestamp.body`, sent as
 * `v1,<base64>`, one after the other for each secret. With the old and the new one a secret is replaced while
 * receivers know either.
 * @throws UserEngineError `VALIDATION` when there is none, and for one that is not `whsec_` and at least 24 bytes in
 * base64; the error does not repeat it [DIA-02].
 */
export function createWebhookSigner(secrets: string | readonly string[]): WebhookSigner {
  const keys = (typeof secrets === 'string' ? [secrets] : secrets).map(readKey)
  if (keys.length === 0) throw invalidSecret('at least one secret')
  return ({ id, timestamp, body }) =>
    keys
      .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
      .join(' ')
}

function readKey(secret: string): Buffer {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : ''
  const key = BASE64.test(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0)
  if (key.length >= MIN_SECRET_BYTES) return key
  throw invalidSecret(`${SECRET_PREFIX} followed by at least ${MIN_SECRET_BYTES} bytes in base64`)
}

function invalidSecret(expected: string): UserEngineError<'VALIDATION'> {
  return new UserEngineError('VALIDATION', { issues: [{ path: 'secret', expected }] })
}
