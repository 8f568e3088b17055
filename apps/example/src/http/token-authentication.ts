import { ACTOR_TYPES, UserEngineError } from '@user-engine/store-protocol'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { Authenticate } from './request-context.ts'

interface TokenOptions {
  readonly url: string
  readonly issuer: string
  readonly audience: string
}

/** Who a bearer token says the caller is: `sub` is the id, the claim `actor_type` its type (default `user`). */
export function tokenAuthentication({ url, issuer, audience }: TokenOptions): Authenticate {
  const keys = createRemoteJWKSet(new URL(url))
  return async (request) => {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined) throw refused()
    const { payload } = await jwtVerify(token, keys, { issuer, audience }).catch(() => {
      throw refused()
    })
    const type = ACTOR_TYPES.find((candidate) => candidate === (payload['actor_type'] ?? 'user'))
    if (type === undefined || payload.sub === undefined) throw refused()
    return { type, id: payload.sub }
  }
}

function refused(): UserEngineError {
  return new UserEngineError('ACCESS_DENIED', { action: 'authenticate', reason: 'no valid bearer token' })
}
