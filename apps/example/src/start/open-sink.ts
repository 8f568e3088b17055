import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { createInProcessSink, createWebhookSink, type OutboxSink } from '@user-engine/service'
import { createNatsSink } from '@user-engine/service/nats'
import type { Logger } from 'pino'
import type { AppOptions } from '../options.ts'

/** A sink, and how to let go of what it uses. */
export interface OpenSink {
  readonly sink: OutboxSink
  close(): Promise<void>
}

/** There is no NATS with JetStream at the address. */
export class NatsUnreachable extends Error {
  override readonly name = 'NatsUnreachable'
}

const STREAM = 'USER_ENGINE'

/** Opens the sink that the options ask for: a webhook, a NATS stream, or the log. @throws NatsUnreachable. */
export async function openSink(
  { webhookUrl, webhookSecret, natsUrl }: Pick<AppOptions, 'webhookUrl' | 'webhookSecret' | 'natsUrl'>,
  logger: Logger,
): Promise<OpenSink> {
  if (natsUrl !== null) {
    const connection = await openNats(natsUrl)
    return { sink: createNatsSink({ connection, stream: STREAM }), close: () => connection.drain() }
  }
  const sink =
    webhookUrl === null
      ? createInProcessSink({ name: 'log', otherwise: (event) => logger.info({ event }, 'event') })
      : createWebhookSink({ url: webhookUrl, ...(webhookSecret === null ? {} : { secret: webhookSecret }) })
  return { sink, close: async () => {} }
}

async function openNats(url: string): Promise<NatsConnection> {
  let connection: NatsConnection | null = null
  try {
    connection = await connect({ servers: url, maxReconnectAttempts: -1, waitOnFirstConnect: false })
    await ensureStream(connection)
    return connection
  } catch (cause) {
    await connection?.close()
    // The address may have a login in it.
    throw new NatsUnreachable('NATS with JetStream cannot be reached: look at --nats-url.', { cause })
  }
}

async function ensureStream(connection: NatsConnection): Promise<void> {
  const { streams } = await jetstreamManager(connection)
  try {
    await streams.info(STREAM)
  } catch (error) {
    const isMissing = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
    if (!isMissing) throw error
    await streams.add({ name: STREAM, subjects: ['events.>'] })
  }
}
