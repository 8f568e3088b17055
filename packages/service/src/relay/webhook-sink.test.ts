import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OutboxEvent } from '@user-engine/store-protocol'
import { CloudEvent, HTTP } from 'cloudevents'
import { expect, onTestFinished, test } from 'vitest'
import { deliveryOf } from '../testing/delivery-of.ts'
import { eventually } from '../testing/eventually.ts'
import { EVENT as OUTBOX_EVENT } from '../testing/outbox-event.ts'
import { toCloudEvent } from './cloud-event.ts'
import type { DeliveryFailure } from './delivery-failure.ts'
import { createWebhookSigner } from './webhook-signature.ts'
import { createWebhookSink, type WebhookSinkOptions } from './webhook-sink.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const EVENT: OutboxEvent = {
  ...OUTBOX_EVENT,
  payload: { text: 'ä€😀' },
  correlationId: 'request "1" 100% für 😀\n',
  causationId: null,
}

const CLOUD_EVENT = toCloudEvent(EVENT, { source: '/tests' })

interface Received {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers with a status, or not at all. */
async function receive(status: number | null, headers: Record<string, string> = {}) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        method: request.method,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      })
      if (status !== null) response.writeHead(status, headers).end('an answer nobody reads')
    })
  })
  await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const only = (): Received => {
    const [first, ...others] = received
    if (first === undefined || others.length > 0) throw new Error(`received ${received.length} requests`)
    return first
  }
  return { received, only, url: `http://127.0.0.1:${port}/hook` }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

const deliver = (options: WebhookSinkOptions) => createWebhookSink(options).deliver(CLOUD_EVENT, deliveryOf())

test('a structured request has the whole event in its body, under a signature', async () => {
  const { only, url } = await receive(204)
  await deliver({ url, secret: SECRET })
  const { method, headers, body } = only()
  expect(method).toBe('POST')
  expect(headers['content-type']).toMatch(/^application\/cloudevents\+json/)
  expect(HTTP.toEvent({ headers, body })).toEqual(new CloudEvent(CLOUD_EVENT))

  const timestamp = String(headers['webhook-timestamp'])
  expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(60)
  expect(headers['webhook-id']).toBe(EVENT.id)
  expect(headers['webhook-signature']).toBe(createWebhookSigner(SECRET)({ id: EVENT.id, timestamp, body }))
})

test('a binary request has the payload in its body and the attributes in percent-encoded headers', async () => {
  const { only, url } = await receive(200)
  await deliver({ url, mode: 'binary' })
  const { headers, body } = only()
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': EVENT.id,
    'ce-type': EVENT.type,
    'ce-source': '/tests',
    'ce-subject': `user/${EVENT.aggregateId}`,
    'ce-time': EVENT.occurredAt,
    'ce-tenantid': 'acme',
    'ce-correlationid': 'request%20%221%22%20100%25%20f%C3%BCr%20%F0%9F%98%80%0A',
  })
  expect(decodeURIComponent(String(headers['ce-correlationid']))).toBe(EVENT.correlationId)
  expect(JSON.parse(body)).toEqual(EVENT.payload)
  expect(Object.keys(headers).filter((header) => header.startsWith('webhook-'))).toEqual([])
})

test.each([
  [200, null],
  [202, null],
  [299, null],
  [400, { code: 'HTTP_400', permanent: false, unavailable: false }],
  [410, { code: 'HTTP_410', permanent: true, unavailable: false }],
  [429, { code: 'HTTP_429', permanent: false, unavailable: true }],
  [500, { code: 'HTTP_500', permanent: false, unavailable: false }],
  [503, { code: 'HTTP_503', permanent: false, unavailable: true }],
])('the answer %i is taken for what it is', async (status, failure) => {
  const { url } = await receive(status)
  if (failure === null) await deliver({ url })
  else await expect(deliver({ url })).rejects.toMatchObject(failure)
})

test('a redirect is a failure and is not followed', async () => {
  const other = await receive(200)
  const { url } = await receive(307, { location: other.url })
  await expect(deliver({ url })).rejects.toMatchObject({ code: 'HTTP_307', permanent: false })
  expect(other.received).toEqual([])
})

test('a receiver that does not answer in time is a failure', async () => {
  const { url } = await receive(null)
  await expect(deliver({ url, timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT', permanent: false })
})

test('a delivery that is told to give up does so at once', async () => {
  const { received, url } = await receive(null)
  const limit = new AbortController()
  const delivered = createWebhookSink({ url }).deliver(CLOUD_EVENT, deliveryOf(limit.signal))
  await eventually(() => received.length === 1)
  limit.abort()
  await expect(delivered).rejects.toMatchObject({ code: 'TIMEOUT', permanent: false })
})

test.each([
  ['5', 5_000],
  ['0', 0],
  ['soon', 0],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('a receiver that says Retry-After: %s is left alone for %i ms', async (retryAfter, retryAfterMs) => {
  const { url } = await receive(503, { 'retry-after': retryAfter })
  await expect(deliver({ url })).rejects.toMatchObject({ code: 'HTTP_503', retryAfterMs })
})

test('a receiver may say until when it is to be left alone', async () => {
  const { url } = await receive(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })
  const failure = await deliver({ url }).catch((error: unknown) => error as DeliveryFailure)
  expect(failure?.retryAfterMs).toBeGreaterThan(50_000)
  expect(failure?.retryAfterMs).toBeLessThanOrEqual(60_000)
})

test('a receiver that is not there is a failure', async () => {
  const server = createServer()
  await listen(server)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  await expect(deliver({ url: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'UNREACHABLE',
    unavailable: true,
  })
})

test('another fetch can take its place', async () => {
  const requests: string[] = []
  const fetch: typeof globalThis.fetch = async (input) => {
    requests.push(String(input))
    return new Response(null, { status: 200 })
  }
  const sink = createWebhookSink({ url: 'https://hooks.example/a', fetch, name: 'hooks' })
  await sink.deliver(CLOUD_EVENT, deliveryOf())
  expect(sink.name).toBe('hooks')
  expect(requests).toEqual(['https://hooks.example/a'])
})

test.each(['', 'hooks.example', 'ftp://hooks.example', 'https://user:pass@hooks.example'])(
  'the address %j is VALIDATION, and is not repeated [DIA-02]',
  (url) => {
    expect(() => createWebhookSink({ url })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION',
        data: { issues: [{ path: 'url', expected: 'an http or https address without credentials' }] },
      }),
    )
  },
)
