import { createUserEngineService, type UserEngineService } from '@user-engine/service'
import { createMemoryStore } from '@user-engine/store-memory'
import type { UserEngineStore } from '@user-engine/store-protocol'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createExampleAuthorization } from '../authorization.ts'
import { createApp } from '../http/create-app.ts'
import { type Authenticate, trustingAuthentication } from '../http/request-context.ts'
import { ensureDemo } from '../start/ensure-demo.ts'

export interface MemoryApp {
  readonly app: FastifyInstance
  readonly engine: UserEngineService
  readonly store: UserEngineStore
  readonly demo: { readonly tenantId: string; readonly userId: string; readonly applicationId: string }
  /** Everything that was logged, as text. */
  readonly logged: () => string
}

/** The whole HTTP application on a memory store with the demo tenant; closed when the test has finished. */
export async function openMemoryApp(
  authenticate: Authenticate = trustingAuthentication(),
): Promise<MemoryApp> {
  const lines: string[] = []
  const logger = pino({ level: 'debug', base: null }, { write: (line: string) => void lines.push(line) })
  const store = createMemoryStore()
  const engine = createUserEngineService({ store, authorization: createExampleAuthorization() })
  const demo = await ensureDemo(engine)
  const app = await createApp({ engine, store, authenticate, logger })
  onTestFinished(async () => {
    await app.close()
    await store.close()
  })
  return { app, engine, store, demo, logged: () => lines.join('') }
}
