import { UserEngineError } from '@user-engine/store-protocol'
import { HTTP } from 'cloudevents'
import { type OutboxCloudEvent, STRUCTURED_CONTENT_TYPE } from './cloud-event.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import type { OutboxSink } from './outbox-sink.ts'
import { createWebhookSigner, type WebhookSigner } from './webhook-signature.ts'

/** How events are sent to a webhook. */
export interface WebhookSinkOptions {
  /** An `http:` or `https:` address without credentials in it. */
  readonly url: string
  /**
   * `whsec_` and the base64 of at least 24 random bytes; with it every request is signed, see Standard Webhooks. With
   * several of them it is signed by each, so that a secret can be replaced while receivers know either.
   */
  readonly secret?: string | readonly string[]
  /** How long the receiver may take to answer, in milliseconds; default 10,000. */
  readonly timeoutMs?: number
  /**
   * The content mode of the CloudEvents HTTP binding. `structured` (default) has the whole event in the body and so
   * under the signature; `binary` has its attributes in headers, which the signature does not cover.
   */
  readonly mode?: 'structured' | 'binary'
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** A short name for logs and metrics; default `webhook`. */
  readonly name?: string
}

const GONE = 410
/** Answers that say nothing about the event: too many requests, and those of gateways and servers that are overloaded. */
const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])

/**
 * A sink that posts each event to an address. Any answer in the 200s takes the event over. `410 Gone` is permanent: the
 * event goes to the dead letters. Everything else is tried again, also redirects, which are not followed; a `Retry-After`
 * is respected.
 * @throws UserEngineError `VALIDATION` for a malformed url or secret.
 */
export function createWebhookSink(options: WebhookSinkOptions): OutboxSink {
  const { timeoutMs = 10_000, mode = 'structured', name = 'webhook', fetch = globalThis.fetch } = options
  const url = parseUrl(options.url)
  const sign = options.secret === undefined ? null : createWebhookSigner(options.secret)
  return {
    name,
    async deliver(event, delivery) {
      const { headers, body } = writeRequest(event, mode)
      const signal = AbortSignal.any([delivery.signal, AbortSignal.timeout(timeoutMs)])
      const request = { method: 'POST', headers: signed(sign, { event, headers, body }), body, signal }
      const { status, retryAfter } = await send(fetch, url, request)
      if (status >= 200 && status <= 299) return
      throw new DeliveryFailure({
        code: `HTTP_${status}`,
        permanent: status === GONE,
        unavailable: UNAVAILABLE.has(status),
        retryAfterMs: millisecondsUntil(retryAfter),
      })
    },
  }
}

type WebhookHeaders = Record<string, string>

async function send(fetch: typeof globalThis.fetch, url: string, request: RequestInit) {
  try {
    const response = await fetch(url, { ...request, redirect: 'manual' })
    // Nobody reads the answer: dropping it gives the connection back.
    await response.body?.cancel()
    return { status: response.status, retryAfter: response.headers.get('retry-after') }
  } catch (cause) {
    const isTimeout = request.signal?.aborted === true
    throw new DeliveryFailure({ code: isTimeout ? 'TIMEOUT' : 'UNREACHABLE', unavailable: true, cause })
  }
}

/** What a `Retry-After` header asks for, in seconds or as a date; 0 when it says nothing that can be understood. */
function millisecondsUntil(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now()
  return Math.max(asked || 0, 0)
}

function writeRequest(event: OutboxCloudEvent, mode: 'structured' | 'binary') {
  if (mode === 'structured') {
    const headers: WebhookHeaders = { 'content-type': STRUCTURED_CONTENT_TYPE }
    return { headers, body: JSON.stringify(event) }
  }
  const { headers, body } = HTTP.binary(event)
  const written: WebhookHeaders = {}
  for (const [header, value] of Object.entries(headers)) {
    written[header] = header.startsWith('ce-') ? encodeHeader(String(value)) : String(value)
  }
  return { headers: written, body: String(body) }
}

// CloudEvents HTTP binding, section 3.1.3.2: what is not printable ASCII, and space, quote and percent, in percent code.
function encodeHeader(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\x21\x23\x24\x26-\x7e]+/g, (text) =>
      Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
        '',
      ),
    )
}

interface WrittenEvent {
  readonly event: OutboxCloudEvent
  readonly headers: WebhookHeaders
  readonly body: string
}

// The message id is the event id: it stays the same when the event is sent again.
function signed(sign: WebhookSigner | null, { event: { id }, headers, body }: WrittenEvent): WebhookHeaders {
  if (sign === null) return headers
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = sign({ id, timestamp, body })
  return {
    ...headers,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  }
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
  if (!isWeb || url.username !== '' || url.password !== '') {
    const expected = 'an http or https address without credentials'
    throw new UserEngineError('VALIDATION', { issues: [{ path: 'url', expected }] })
  }
  return url.href
}
