// Routes as data: what a call looks like, and which command it is. Everything else (context, version, ETag, problems,
// documentation) is the same for all of them and stands here once.
import type { CommandContext, UserEngineService } from '@user-engine/service'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { problemSchema } from './problem.ts'
import { type Authenticate, contextOf, expectedVersionOf, type ScopeOf } from './request-context.ts'

/** What the handler of a route gets, checked and typed. */
export interface Call<Params, Query, Body> {
  readonly context: CommandContext
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** The version that If-Match names. @throws PreconditionRequired */
  readonly expectedVersion: () => number
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly summary: string
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | null
  readonly status: number
  readonly result: z.ZodType
  readonly needsVersion: boolean
  run(call: Call<never, never, never>): Promise<unknown>
}

interface RouteDefinition<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: Route['method']
  readonly path: string
  readonly summary: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** Default 200. */
  readonly status?: number
  readonly result: z.ZodType
  /** Whether the call must name the version it is based on in If-Match. */
  readonly needsVersion?: boolean
  run(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<unknown>
}

const NOTHING = z.object({})

/** Declares one route with the types of its parts. */
export function defineRoute<
  Params extends z.ZodObject = typeof NOTHING,
  Query extends z.ZodObject = typeof NOTHING,
  Body extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<Params, Query, Body>): Route {
  const {
    params = NOTHING,
    query = NOTHING,
    body = null,
    status = 200,
    needsVersion = false,
    ...rest
  } = definition
  return { ...rest, params, query, body, status, needsVersion, run: (call) => definition.run(call as never) }
}

/** Makes the routes of one part of the domain. */
export type RouteGroup = (engine: UserEngineService) => readonly Route[]

interface RegisterOptions {
  readonly tag: string
  readonly prefix: string
  readonly scope: 'tenant' | 'platform'
  readonly scopeOf: ScopeOf
  readonly authenticate: Authenticate
}

const headersSchema = z.looseObject({
  'x-actor': z
    .string()
    .optional()
    .describe('Development only: who calls, as <type>:<id>; default service:developer'),
  'x-correlation-id': z
    .string()
    .optional()
    .describe('Ties audit records, events and logs of one request together'),
})
// Optional to the schema, because what is missing has an answer of its own: SCOPE_INVALID, and status 428.
const PLATFORM_HEADERS = {
  'x-reason': z
    .string()
    .optional()
    .describe('Required. Why this is done for the platform and not in a tenant'),
}
const IDEMPOTENCY_HEADERS = {
  'idempotency-key': z
    .string()
    .optional()
    .describe('A repeated request with this key returns the first result'),
}
const VERSION_HEADERS = {
  'if-match': z
    .string()
    .optional()
    .describe('Required. The ETag of the record the change is based on, e.g. "3"'),
}

/** Puts routes under a prefix, each with its documentation. */
export function registerRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  options: RegisterOptions,
): void {
  const { tag, prefix, scope } = options
  for (const route of routes) {
    const isChange = route.method !== 'GET'
    const headers = headersSchema.extend({
      ...(scope === 'platform' ? PLATFORM_HEADERS : {}),
      ...(isChange ? IDEMPOTENCY_HEADERS : {}),
      ...(route.needsVersion ? VERSION_HEADERS : {}),
    })
    const tenantParams = scope === 'tenant' ? { tenantId: z.string() } : {}
    app.route({
      method: route.method,
      url: `${prefix}${route.path}`,
      schema: {
        tags: [tag],
        summary: route.summary,
        params: route.params.extend(tenantParams),
        querystring: route.query,
        ...(route.body === null ? {} : { body: route.body }),
        headers,
        response: { [route.status]: route.result, default: problemSchema },
      },
      async handler(request, reply) {
        // The tenant is part of the context, not of what the command is asked to do.
        const { tenantId: _tenantId, ...params } = request.params as Record<string, unknown>
        const result = await route.run({
          context: await contextOf(request, options),
          params: params as never,
          query: request.query as never,
          body: (request.body ?? undefined) as never,
          expectedVersion: () => expectedVersionOf(request),
        })
        const version = versionOf(result)
        if (version !== null) reply.header('etag', `"${version}"`)
        return await reply.status(route.status).send(result ?? undefined)
      },
    })
  }
}

function versionOf(result: unknown): number | null {
  if (typeof result !== 'object' || result === null || !('version' in result)) return null
  return typeof result.version === 'number' ? result.version : null
}
