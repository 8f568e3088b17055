import { DiscardPolicy, jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { createNatsSink } from '../nats/index.ts'
import type { SinkHarness } from '../sink-conformance/index.ts'
import { type NatsServer, startNatsServer } from './nats-server.ts'

/** The name of the stream that takes every event. */
export const STREAM = 'EVENTS'

const OPEN_STREAM = { max_bytes: -1, max_msg_size: -1, discard: DiscardPolicy.New } as const

/** A connection that comes back soon after its server does, however long that takes. */
export function connectTo({ url }: NatsServer): Promise<NatsConnection> {
  return connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 })
}

/** Does something with the streams of a server, on a connection of its own. */
export async function withStreams<Result>(
  server: NatsServer,
  work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<Result>,
): Promise<Result> {
  const connection = await connectTo(server)
  try {
    return await work(await jetstreamManager(connection))
  } finally {
    await connection.close()
  }
}

/** Everything that the stream has, in its order. */
export async function readStream(server: NatsServer): Promise<readonly object[]> {
  return await withStreams(server, async ({ streams }) => {
    const { state } = await streams.info(STREAM)
    const messages: object[] = []
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      messages.push((await streams.getMessage(STREAM, { seq }))?.json<object>() ?? {})
    }
    return messages
  })
}

/** A real nats-server with one stream behind a NATS sink. */
export const natsHarness: SinkHarness = {
  name: 'a JetStream stream',
  async open() {
    const server = await startNatsServer()
    await withStreams(server, ({ streams }) =>
      streams.add({ name: STREAM, subjects: ['events.>'], ...OPEN_STREAM }),
    )
    const connection = await connectTo(server)
    const change = (config: Partial<StreamConfig>) =>
      withStreams(server, ({ streams }) => streams.update(STREAM, { ...OPEN_STREAM, ...config }))
    return {
      sink: createNatsSink({ connection, stream: STREAM, timeoutMs: 2_000 }),
      receiver: {
        received: () => readStream(server),
        async become(mode) {
          if (mode === 'away') return await server.kill()
          if (mode === 'silent') return await server.pause()
          server.resume()
          await server.start()
          if (mode === 'taking') await change({})
          else await change(mode === 'refusing' ? { max_bytes: 1 } : { max_msg_size: 1 })
        },
      },
      async close() {
        server.resume()
        await connection.close()
        await server.dispose()
      },
    }
  },
}
