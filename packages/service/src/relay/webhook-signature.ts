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
 * Makes the signer of a secret, as Standard Webhooks has it: HMAC-SHA256 over `id.timestamp.body`, sent as `v1,<base64>`.
 * @throws UserEngineError `VALIDATION` when the secret is not `whsec_` and at least 24 bytes in base64; the error does
 * not repeat it [DIA-02].
 */
export function createWebhookSigner(secret: string): WebhookSigner {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : ''
  const key = BASE64.test(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0)
  if (key.length < MIN_SECRET_BYTES) {
    const expected = `${SECRET_PREFIX} followed by at least ${MIN_SECRET_BYTES} bytes in base64`
    throw new UserEngineError('VALIDATION', { issues: [{ path: 'secret', expected }] })
  }
  return ({ id, timestamp, body }) =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
