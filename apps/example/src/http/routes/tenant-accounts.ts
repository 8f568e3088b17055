import { inviteAccountInputSchema } from '@user-engine/service'
import { tenantAccountSchema } from '@user-engine/store-protocol'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema, userParams } from '../route-parts.ts'

/** What a platform scope may do as well. */
export const presenceRoutes: RouteGroup = ({ tenantAccounts }) => [
  defineRoute({
    method: 'GET',
    path: '/users/:userId/tenant-accounts',
    summary: 'Where a user is present, by tenant',
    params: userParams,
    query: pageQuery,
    result: pageSchema(tenantAccountSchema),
    run: ({ context, params, query }) =>
      tenantAccounts.listByUser(context, { ...params, page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/tenant-accounts',
    summary: 'Invite an account to a tenant',
    body: inviteAccountInputSchema,
    status: 201,
    result: tenantAccountSchema,
    run: ({ context, body }) => tenantAccounts.invite(context, body),
  }),
]

export const tenantAccountRoutes: RouteGroup = ({ tenantAccounts }) => [
  defineRoute({
    method: 'GET',
    path: '/tenant-accounts',
    summary: 'The tenant accounts of the tenant, by id',
    query: pageQuery,
    result: pageSchema(tenantAccountSchema),
    run: ({ context, query }) => tenantAccounts.list(context, { page: pageOf(query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/tenant-accounts/:id',
    summary: 'One tenant account',
    params: idParams,
    result: tenantAccountSchema,
    run: async ({ context, params }) =>
      found(await tenantAccounts.get(context, params), 'tenant-account', params.id),
  }),
  ...(['join', 'suspend', 'reactivate', 'leave'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/tenant-accounts/:id/${verb}`,
      summary: `${verb} the tenant`,
      params: idParams,
      result: tenantAccountSchema,
      needsVersion: true,
      run: ({ context, params, expectedVersion }) =>
        tenantAccounts[verb](context, { ...params, expectedVersion: expectedVersion() }),
    }),
  ),
]
