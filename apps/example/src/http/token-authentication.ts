import { ACTOR_TYPES } from '@user-engine/store-protocol'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Unauthenticated } from './problem.ts'
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
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined) throw new Unauthenticated()
    const { payload } = await jwtVerify(token, keys, { issuer, audience }).catch(() => {
      throw new Unauthenticated()
    })
    const type = ACTOR_TYPES.find((candidate) => candidate === (payload.actor_type ?? 'user'))
    if (type === undefined || payload.sub === undefined) throw new Unauthenticated()
    return { type, id: payload.sub }
  }
}
