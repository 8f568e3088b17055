import { connect } from '@nats-io/transport-node'
import { HTTP } from 'cloudevents'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { caseEvent } from '../sink-conformance/case-events.ts'
import { sinkConformanceTests } from '../sink-conformance/index.ts'
import { deliveryOf } from '../testing/delivery-of.ts'
import { eventually } from '../testing/eventually.ts'
import { connectTo, natsHarness, readStream, STREAM, withStreams } from '../testing/nats-harness.ts'
import { findNoNatsServer, startNatsServer } from '../testing/nats-server.ts'
import { createNatsSink, type NatsSinkOptions, natsSubjectOf } from './index.ts'

const missing = await findNoNatsServer()

async function openServer(streams: { readonly subjects: string[] } = { subjects: ['events.>'] }) {
  const server = await startNatsServer()
  onTestFinished(() => server.dispose())
  await withStreams(server, (manager) => manager.streams.add({ name: STREAM, ...streams }))
  const connection = await connectTo(server)
  onTestFinished(() => connection.close())
  const sinkOf = (options: Partial<NatsSinkOptions> = {}) => createNatsSink({ connection, ...options })
  return { server, connection, sinkOf }
}

if (missing !== null) {
  process.stderr.write(`THE NATS SINK IS NOT TESTED: ${missing}\n`)
  it.skip(`is not run: ${missing}`, () => {})
} else {
  sinkConformanceTests(natsHarness, { describe, it })

  test('a message is a CloudEvent under the subject of its tenant and type, with an id to drop it by', async () => {
    const { server, sinkOf } = await openServer()
    const [ofTenant, ofPlatform] = [caseEvent(), caseEvent({ tenantId: null })]
    for (const event of [ofTenant, ofPlatform]) await sinkOf().deliver(event, deliveryOf())
    const messages = await withStreams(server, async ({ streams }) => [
      await streams.getMessage(STREAM, { seq: 1 }),
      await streams.getMessage(STREAM, { seq: 2 }),
    ])
    expect(messages.map((message) => message?.subject)).toEqual([
      'events.tenant.acme.user-engine.user.suspended',
      'events.platform.user-engine.user.suspended',
    ])
    expect(messages.map((message) => message?.header.get('Nats-Msg-Id'))).toEqual([
      `acme/${ofTenant.id}`,
      ofPlatform.id,
    ])
    const contentType = messages[0]?.header.get('Content-Type')
    const received = HTTP.toEvent({ headers: { 'content-type': contentType }, body: messages[0]?.string() })
    expect(received).toMatchObject({ ...ofTenant })
  })

  test('an event that comes again is taken over and kept once', async () => {
    const { server, sinkOf } = await openServer()
    const event = caseEvent()
    for (let time = 0; time < 3; time++) await sinkOf().deliver(event, deliveryOf())
    expect(await readStream(server)).toEqual([event])
  })

  test('a subject that no stream listens to is a failure that may pass', async () => {
    const { sinkOf } = await openServer({ subjects: ['other.>'] })
    await expect(sinkOf().deliver(caseEvent(), deliveryOf())).rejects.toMatchObject({
      code: 'NO_STREAM',
      permanent: false,
    })
  })

  test('a stream other than the one that was named is refused', async () => {
    const { server, sinkOf } = await openServer()
    const delivered = sinkOf({ stream: 'OTHER' }).deliver(caseEvent(), deliveryOf())
    await expect(delivered).rejects.toMatchObject({ code: 'JETSTREAM_10060', permanent: false })
    expect(await readStream(server)).toEqual([])
  })

  test('an event that is too large for the server is a failure for good', async () => {
    const { sinkOf } = await openServer()
    const event = caseEvent({ payload: { text: 'x'.repeat(1_100_000) } })
    const delivered = sinkOf().deliver(event, deliveryOf())
    await expect(delivered).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', permanent: true })
  })

  test('while the connection is down nothing is published, also not later', async () => {
    const { server, connection, sinkOf } = await openServer()
    const sink = sinkOf()
    await server.kill()
    const [lost, kept] = [caseEvent(), caseEvent()]
    await eventually(async () => {
      const failure = await sink.deliver(lost, deliveryOf()).catch((error: unknown) => error)
      return failure instanceof Object && 'code' in failure && failure.code === 'DISCONNECTED'
    })
    const published = connection.stats().outMsgs
    await expect(sink.deliver(lost, deliveryOf())).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect(connection.stats().outMsgs).toBe(published)
    await server.start()
    await eventually(() =>
      sink.deliver(kept, deliveryOf()).then(
        () => true,
        () => false,
      ),
    )
    expect(await readStream(server)).toContainEqual(kept)
  })

  test('a connection that was closed is a failure that may pass', async () => {
    const { server } = await openServer()
    const connection = await connect({ servers: server.url })
    const sink = createNatsSink({ connection })
    await connection.close()
    await expect(sink.deliver(caseEvent(), deliveryOf())).rejects.toMatchObject({
      code: 'UNREACHABLE',
      permanent: false,
    })
  })

  test.each(['', '.', 'a..b', 'a.*', 'a b', '>', 'events.'])(
    'the prefix %j is VALIDATION',
    async (prefix) => {
      const { sinkOf } = await openServer()
      expect(() => sinkOf({ subjectPrefix: prefix })).toThrow(
        expect.objectContaining({
          code: 'VALIDATION',
          data: { issues: [expect.objectContaining({ path: 'subjectPrefix' })] },
        }),
      )
    },
  )
}

test.each([
  [{ tenantId: 'acme', type: 'user-engine.user.created' }, 'e.tenant.acme.user-engine.user.created'],
  [{ tenantId: null, type: 'user-engine.user.created' }, 'e.platform.user-engine.user.created'],
  [{ tenantId: 'a.b', type: 'c' }, 'e.tenant.a%2Eb.c'],
  [{ tenantId: '*', type: '>' }, 'e.tenant.%2A.%3E'],
  [{ tenantId: '$SYS', type: 'ü ' }, 'e.tenant.%24SYS.%C3%BC%20'],
  [{ tenantId: '%', type: 'a..b.' }, 'e.tenant.%25.a.%.b.%'],
])('the subject of %j', (facts, subject) => {
  expect(natsSubjectOf(caseEvent(facts), 'e')).toBe(subject)
})
