import { linkIdentityInputSchema, resolveIdentityInputSchema } from '@user-engine/service'
import { externalIdentitySchema, UserEngineError, userSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { idParams, pageOf, pageQuery, pageSchema, userParams } from '../route-parts.ts'

export const externalIdentityRoutes: RouteGroup = ({ externalIdentities }) => [
  defineRoute({
    method: 'GET',
    path: '/users/:userId/external-identities',
    summary: 'How a user signs in, by id',
    params: userParams,
    query: pageQuery,
    result: pageSchema(externalIdentitySchema),
    run: ({ context, params, query }) =>
      externalIdentities.listByUser(context, { ...params, page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/users/:userId/external-identities',
    summary: 'Link an external identity to a user',
    params: userParams,
    body: linkIdentityInputSchema.omit({ userId: true }),
    status: 201,
    result: externalIdentitySchema,
    run: ({ context, params, body }) => externalIdentities.link(context, { ...body, ...params }),
  }),
  // A POST that reads: a subject is personal and does not belong into a URL, which ends up in logs.
  defineRoute({
    method: 'POST',
    path: '/external-identities/resolve',
    summary: 'Who signs in as issuer and subject',
    body: resolveIdentityInputSchema,
    result: z.object({ identity: externalIdentitySchema, user: userSchema }),
    async run({ context, body }) {
      const resolved = await externalIdentities.resolve(context, body)
      if (resolved === null) throw new UserEngineError('NOT_FOUND', { entity: 'external-identity' })
      return resolved
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/external-identities/:id',
    summary: 'Unlink an external identity',
    params: idParams,
    status: 204,
    result: z.undefined(),
    needsVersion: true,
    async run({ context, params, expectedVersion }) {
      await externalIdentities.unlink(context, { ...params, expectedVersion: expectedVersion() })
    },
  }),
]
