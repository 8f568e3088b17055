import { createOutboxRelay, createUserEngineService, type RelayEvent } from '@user-engine/service'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import { createExampleAuthorization } from '../authorization.ts'
import { createApp } from '../http/create-app.ts'
import { trustingAuthentication } from '../http/request-context.ts'
import { tokenAuthentication } from '../http/token-authentication.ts'
import type { AppOptions } from '../options.ts'
import { ensureDemo } from './ensure-demo.ts'
import { openBackend } from './open-backend.ts'
import { type OpenSink, openSink } from './open-sink.ts'

const MAINTENANCE_EVERY_MS = 5 * 60_000

export interface RunningApp {
  readonly address: string
  /** What to print for people. */
  readonly welcome: string
  stop(): Promise<void>
}

/** Starts everything, in the order in which it is needed; stops it in the reverse order. */
export async function serve(options: AppOptions): Promise<RunningApp> {
  const logger = pino({ level: options.logLevel, base: null })
  const backend = await openBackend(options)
  const engine = createUserEngineService({
    store: backend.store,
    authorization: createExampleAuthorization(),
  })
  let app: FastifyInstance | null = null
  let opened: OpenSink | null = null
  try {
    opened = await openSink(options, logger)
    const { sink, close: closeSink } = opened
    const demo = await ensureDemo(engine)
    const authenticate = options.jwks === null ? trustingAuthentication() : tokenAuthentication(options.jwks)
    app = await createApp({ engine, store: backend.store, authenticate, logger })
    const address = await listen(app, options)
    const relay = createOutboxRelay({
      outbox: backend.store.outbox,
      sink,
      consumer: `example-${process.pid}`,
      onEvent: (event) => logRelay(logger, event),
    })
    relay.start()
    const maintenance = setInterval(() => void maintain(backend.maintain, logger), MAINTENANCE_EVERY_MS)
    const listening = app
    return {
      address,
      welcome: welcome({
        address,
        backend: backend.description,
        demo,
        isShared: options.store === 'postgres',
      }),
      async stop() {
        clearInterval(maintenance)
        await listening.close()
        await relay.stop()
        await closeSink()
        await backend.close()
      },
    }
  } catch (error) {
    await app?.close()
    await opened?.close()
    await backend.close()
    throw error
  }
}

/** Somebody else listens on the port. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse'
}

async function listen(app: FastifyInstance, { host, port }: AppOptions): Promise<string> {
  try {
    return await app.listen({ host, port, listenTextResolver: () => 'listening' })
  } catch (error) {
    const isBusy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (isBusy) throw new PortInUse(`Port ${port} is in use: choose another one with --port.`)
    throw error
  }
}

const TROUBLES: ReadonlySet<RelayEvent['kind']> = new Set([
  'failed',
  'dead-lettered',
  'lease-lost',
  'sink-stalled',
  'store-failed',
  'ended',
])

function logRelay(logger: Logger, event: RelayEvent): void {
  if (TROUBLES.has(event.kind)) logger.warn(event, 'relay')
  else logger.debug(event, 'relay')
}

async function maintain(work: () => Promise<void>, logger: Logger): Promise<void> {
  await work().catch((error: unknown) => {
    logger.warn({ error: error instanceof Error ? error.name : typeof error }, 'maintenance failed')
  })
}

interface WelcomeFacts {
  readonly address: string
  readonly backend: string
  /** Whether another process, such as an import, works on the same store. */
  readonly isShared: boolean
  readonly demo: { readonly tenantId: string; readonly userId: string; readonly applicationId: string }
}

function welcome({ address, backend, demo, isShared }: WelcomeFacts): string {
  const tenant = `${address}/v1/tenants/${demo.tenantId}`
  return `
user-engine listens on ${address}
  store: ${backend}
  console: ${address}/   API: ${address}/docs   readiness: ${address}/readyz

Three things to try:

  # what an application knows about a user, and where each value came from
  curl -s '${tenant}/users/${demo.userId}/profile?applicationId=${demo.applicationId}'

  # an action that is denied, and the record of the denial
  curl -s -H 'X-Actor: user:eve' ${tenant}/users
  curl -s '${tenant}/audit-records?outcome=denied'

${isShared ? importCommands(demo.tenantId) : eventsCommand(tenant)}
`
}

function importCommands(tenantId: string): string {
  return `  # a directory of SCIM users into the tenant "${tenantId}", safe to repeat
  npx --yes pnpm@12 start sample users.jsonl --count 10000
  npx --yes pnpm@12 start import users.jsonl --tenant ${tenantId}`
}

function eventsCommand(tenant: string): string {
  return `  # the events that have left, as the outbox keeps them
  curl -s '${tenant}/outbox-events?state=delivered&limit=5'`
}
