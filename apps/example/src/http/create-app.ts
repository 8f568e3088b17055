import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { UserEngineService } from '@user-engine/service'
import {
  ERROR_CODES,
  type ErrorCode,
  isUserEngineError,
  type UserEngineStore,
  validate,
} from '@user-engine/store-protocol'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { createJsonSchemaTransform, serializerCompiler } from 'fastify-type-provider-zod'
import { v7 as uuidv7 } from 'uuid'
import type * as z from 'zod'
import { serveConsole } from '../console/serve-console.ts'
import { type RouteGroup, registerRoutes } from './define-routes.ts'
import { handleError, problemOf, STATUS_OF } from './problem.ts'
import { type Authenticate, platformScopeOf, tenantScopeOf } from './request-context.ts'
import { accountRoutes } from './routes/accounts.ts'
import { applicationBindingRoutes, applicationReadRoutes, applicationRoutes } from './routes/applications.ts'
import { catalogReadRoutes, catalogRoutes } from './routes/catalogs.ts'
import { externalIdentityRoutes } from './routes/external-identities.ts'
import { membershipRoutes } from './routes/memberships.ts'
import { profileRoutes, profileValueRoutes } from './routes/profiles.ts'
import { recordRoutes } from './routes/records.ts'
import { presenceRoutes, tenantAccountRoutes } from './routes/tenant-accounts.ts'
import { provisioningRoutes, userRoutes } from './routes/users.ts'

interface AppParts {
  readonly engine: UserEngineService
  readonly store: UserEngineStore
  readonly authenticate: Authenticate
  readonly logger: FastifyBaseLogger
}

const TENANT_ROUTES: readonly (readonly [tag: string, routes: RouteGroup])[] = [
  ['users', userRoutes],
  ['users', provisioningRoutes],
  ['accounts', accountRoutes],
  ['external identities', externalIdentityRoutes],
  ['tenant accounts', presenceRoutes],
  ['tenant accounts', tenantAccountRoutes],
  ['memberships', membershipRoutes],
  ['applications', applicationReadRoutes],
  ['applications', applicationBindingRoutes],
  ['catalogs', catalogReadRoutes],
  ['profiles', profileRoutes],
  ['profiles', profileValueRoutes],
  ['audit and events', recordRoutes],
]

const PLATFORM_ROUTES: readonly (readonly [tag: string, routes: RouteGroup])[] = [
  ['platform: users', userRoutes],
  ['platform: accounts', accountRoutes],
  ['platform: external identities', externalIdentityRoutes],
  ['platform: tenant accounts', presenceRoutes],
  ['platform: applications', applicationReadRoutes],
  ['platform: applications', applicationRoutes],
  ['platform: catalogs', catalogReadRoutes],
  ['platform: catalogs', catalogRoutes],
  ['platform: profiles', profileValueRoutes],
  ['platform: audit and events', recordRoutes],
]

/** Room for every value of a command at its largest: 2 MiB. */
const MAX_BODY_BYTES = 2 * 1024 * 1024

/** The HTTP application over a service. It closes nothing that it was given. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { engine, store, authenticate, logger } = parts
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidv7(),
    bodyLimit: MAX_BODY_BYTES,
  })
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (input) => {
    try {
      return { value: validate(schema, input) }
    } catch (error) {
      return { error: error as Error }
    }
  })
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(handleError)
  logRequests(app)
  await app.register(fastifySwagger, {
    openapi: {
      info: {
        title: 'user-engine',
        version: '1',
        description: 'The user domain of a multi-tenant platform.',
      },
      tags: [...new Set([...TENANT_ROUTES, ...PLATFORM_ROUTES].map(([name]) => name))].map((name) => ({
        name,
      })),
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: 'any' } }),
  })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  await app.register(async (api) => {
    const inTenant = {
      prefix: '/v1/tenants/:tenantId',
      scope: 'tenant',
      scopeOf: tenantScopeOf,
      authenticate,
    } as const
    for (const [tag, routes] of TENANT_ROUTES) registerRoutes(api, routes(engine), { tag, ...inTenant })
    const onPlatform = {
      prefix: '/v1/platform',
      scope: 'platform',
      scopeOf: platformScopeOf,
      authenticate,
    } as const
    for (const [tag, routes] of PLATFORM_ROUTES) registerRoutes(api, routes(engine), { tag, ...onPlatform })
  })
  serveHealth(app, store)
  serveProblems(app)
  serveConsole(app)
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.setNotFoundHandler((_, reply) =>
    reply.status(404).type('application/problem+json').send({
      type: '/problems/not-found',
      title: 'There is no such address.',
      status: 404,
      code: 'NOT_FOUND',
      detail: 'No route has this address.',
      remedy: 'See /docs.',
      retryable: false,
      data: {},
    }),
  )
  return app
}

// By route, not by URL: a log is read by more people than the data.
function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const { elapsedTime: durationMs, statusCode: status } = reply
    const level = status >= 500 ? 'error' : 'info'
    request.log[level](
      { method, route: routeOptions.url ?? 'unknown', status, durationMs: Math.round(durationMs * 10) / 10 },
      'request',
    )
  })
}

function serveHealth(app: FastifyInstance, store: UserEngineStore): void {
  app.get('/livez', { schema: { hide: true }, logLevel: 'silent' }, async () => ({ status: 'alive' }))
  app.get('/readyz', { schema: { hide: true }, logLevel: 'silent' }, async (_, reply) => {
    const readiness = await store.readiness().catch((error: unknown) => {
      if (!isUserEngineError(error)) throw error
      return { status: 'not-ready', checks: [], problem: problemOf(error) } as const
    })
    return await reply.status(readiness.status === 'not-ready' ? 503 : 200).send(readiness)
  })
}

function serveProblems(app: FastifyInstance): void {
  app.get('/problems/:code', { schema: { hide: true } }, async (request, reply) => {
    const { code } = request.params as { readonly code: string }
    const known = code.toUpperCase().replaceAll('-', '_')
    if (!Object.hasOwn(ERROR_CODES, known)) return await reply.callNotFound()
    const facts = ERROR_CODES[known as ErrorCode]
    return await reply.send({ code: known, status: STATUS_OF[known as ErrorCode], ...facts })
  })
}
