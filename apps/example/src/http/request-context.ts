import type { CommandContext } from '@user-engine/service'
import { ACTOR_TYPES, type Actor, type Scope, UserEngineError } from '@user-engine/store-protocol'
import type { FastifyRequest } from 'fastify'
import { PreconditionRequired } from './problem.ts'

/** Finds out who a request is from. @throws Unauthenticated when that cannot be told. */
export type Authenticate = (request: FastifyRequest) => Promise<Actor>

/** Which scope a group of routes works in. */
export type ScopeOf = (request: FastifyRequest) => Scope

/** The scope of the routes below `/v1/tenants/{tenantId}`. */
export function tenantScopeOf(request: FastifyRequest): Scope {
  const { tenantId } = request.params as { readonly tenantId: string }
  return { tenantId }
}

/** The scope of the routes below `/v1/platform`: the reason comes with the request. */
export function platformScopeOf(request: FastifyRequest): Scope {
  return { platform: true, reason: headerOf(request, 'x-reason') ?? '' }
}

/** What a command needs to know of the request around it. */
export async function contextOf(
  request: FastifyRequest,
  { scopeOf, authenticate }: { readonly scopeOf: ScopeOf; readonly authenticate: Authenticate },
): Promise<CommandContext> {
  return {
    scope: scopeOf(request),
    actor: await authenticate(request),
    correlationId: headerOf(request, 'x-correlation-id') ?? String(request.id),
    causationId: headerOf(request, 'x-causation-id'),
    idempotencyKey: headerOf(request, 'idempotency-key'),
  }
}

/** The version that If-Match names, from an ETag such as `"3"`. @throws PreconditionRequired */
export function expectedVersionOf(request: FastifyRequest): number {
  const match = /^(?:W\/)?"([1-9]\d{0,9})"$/.exec(headerOf(request, 'if-match') ?? '')
  if (match === null) throw new PreconditionRequired()
  return Number(match[1])
}

/** Development: the caller says who they are, as `<type>:<id>` in X-Actor; default is a service. */
export function trustingAuthentication(): Authenticate {
  return async (request) => {
    const [type, ...rest] = (headerOf(request, 'x-actor') ?? 'service:developer').split(':')
    const known = ACTOR_TYPES.find((candidate) => candidate === type)
    const id = rest.join(':')
    if (known === undefined || id === '') {
      throw new UserEngineError('VALIDATION', {
        issues: [{ path: 'x-actor', expected: `<type>:<id> with a type of ${ACTOR_TYPES.join(', ')}` }],
      })
    }
    return { type: known, id }
  }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
