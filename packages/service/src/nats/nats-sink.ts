import { JetStreamApiError, type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { errors, headers, type NatsConnection } from '@nats-io/nats-core'
import { UserEngineError } from '@user-engine/store-protocol'
import { type OutboxCloudEvent, STRUCTURED_CONTENT_TYPE } from '../relay/cloud-event.ts'
import { DeliveryFailure, type DeliveryFailureFacts } from '../relay/delivery-failure.ts'
import type { OutboxSink, SinkDelivery } from '../relay/outbox-sink.ts'
import { isSubjectPrefix, natsSubjectOf } from './nats-subject.ts'

/** How events are published to NATS JetStream. */
export interface NatsSinkOptions {
  /** An open connection, for example of `@nats-io/transport-node`; whoever opened it drains it. */
  readonly connection: NatsConnection
  /** The name of the stream that must take the events; default: whichever stream listens to the subject. */
  readonly stream?: string
  /** How subjects begin, see {@link natsSubjectOf}; default `events`. */
  readonly subjectPrefix?: string
  /** How long the stream may take to acknowledge, in milliseconds; default 5,000. */
  readonly timeoutMs?: number
  /** A short name for logs and metrics; default `nats`. */
  readonly name?: string
}

/**
 * A sink that publishes each event to a JetStream stream and waits for its acknowledgement. The message is the event in
 * the JSON format of CloudEvents, with `Nats-Msg-Id` so that the stream drops an event it has seen within its duplicate
 * window. The stream is whoever's who runs NATS: it must exist, and listen to the subjects.
 *
 * An event that is too large for the server or the stream is a permanent failure; everything else is tried again. While
 * the connection is down nothing is published, so that nothing piles up in it.
 * @throws UserEngineError `VALIDATION` for a malformed prefix.
 */
export function createNatsSink(options: NatsSinkOptions): OutboxSink {
  const { connection, subjectPrefix = 'events' } = options
  if (!isSubjectPrefix(subjectPrefix)) {
    const expected = 'letters, digits, "_" and "-", in tokens that are separated by dots'
    throw new UserEngineError('VALIDATION', { issues: [{ path: 'subjectPrefix', expected }] })
  }
  return new JetStreamSink(options, jetstream(connection), subjectPrefix)
}

class JetStreamSink implements OutboxSink {
  readonly name: string
  readonly #options: NatsSinkOptions
  readonly #stream: JetStreamClient
  readonly #subjectPrefix: string
  #isConnected = true

  constructor(options: NatsSinkOptions, stream: JetStreamClient, subjectPrefix: string) {
    this.name = options.name ?? 'nats'
    this.#options = options
    this.#stream = stream
    this.#subjectPrefix = subjectPrefix
    void this.#watch(options.connection)
  }

  async deliver(event: OutboxCloudEvent, { signal }: SinkDelivery): Promise<void> {
    if (signal.aborted) throw new DeliveryFailure({ code: 'TIMEOUT' })
    // The client would keep the message and send it later, after others of its aggregate.
    if (!this.#isConnected) throw new DeliveryFailure({ code: 'DISCONNECTED', unavailable: true })
    await untilAborted(this.#publish(event), signal)
  }

  async #publish(event: OutboxCloudEvent): Promise<void> {
    const { stream, timeoutMs = 5_000 } = this.#options
    const contentType = headers()
    contentType.set('Content-Type', STRUCTURED_CONTENT_TYPE)
    try {
      await this.#stream.publish(natsSubjectOf(event, this.#subjectPrefix), JSON.stringify(event), {
        msgID: messageIdOf(event),
        headers: contentType,
        timeout: timeoutMs,
        ...(stream === undefined ? {} : { expect: { streamName: stream } }),
      })
    } catch (cause) {
      throw new DeliveryFailure({ ...factsOf(cause), cause })
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#isConnected = false
      if (type === 'reconnect') this.#isConnected = true
    }
    // The connection was closed: what is published now fails by itself.
    this.#isConnected = true
  }
}

/** The same event id in two tenants is two events. */
function messageIdOf({ tenantid, id }: OutboxCloudEvent): string {
  return tenantid === undefined ? id : `${tenantid}/${id}`
}

const MESSAGE_TOO_LARGE_FOR_STREAM = 10_054

function factsOf(error: unknown): DeliveryFailureFacts {
  if (error instanceof errors.TimeoutError) return { code: 'TIMEOUT', unavailable: true }
  if (isUnanswered(error)) return { code: 'NO_STREAM', unavailable: true }
  if (error instanceof JetStreamApiError) {
    return { code: `JETSTREAM_${error.code}`, permanent: error.code === MESSAGE_TOO_LARGE_FOR_STREAM }
  }
  // The client throws it for one thing in a publication: more bytes than the server takes.
  if (error instanceof errors.InvalidArgumentError) return { code: 'PAYLOAD_TOO_LARGE', permanent: true }
  if (error instanceof errors.PermissionViolationError) return { code: 'NOT_PERMITTED' }
  return { code: 'UNREACHABLE', unavailable: true }
}

/** Whether no stream listens to the subject; the client says so with a cause. */
function isUnanswered(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null
  return cause instanceof errors.RequestError && cause.isNoResponders()
}

async function untilAborted(published: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(new DeliveryFailure({ code: 'TIMEOUT' }))
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([published, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
