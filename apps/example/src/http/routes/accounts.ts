import { createAccountInputSchema, updateAccountInputSchema } from '@user-engine/service'
import { accountSchema } from '@user-engine/store-protocol'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema, userParams } from '../route-parts.ts'

export const accountRoutes: RouteGroup = ({ accounts }) => [
  defineRoute({
    method: 'GET',
    path: '/users/:userId/accounts',
    summary: 'The accounts of a user, by id',
    params: userParams,
    query: pageQuery,
    result: pageSchema(accountSchema),
    run: ({ context, params, query }) => accounts.listByUser(context, { ...params, page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/users/:userId/accounts',
    summary: 'Create an account for a user',
    params: userParams,
    body: createAccountInputSchema.omit({ userId: true }),
    status: 201,
    result: accountSchema,
    run: ({ context, params, body }) => accounts.create(context, { ...body, ...params }),
  }),
  defineRoute({
    method: 'GET',
    path: '/accounts/:id',
    summary: 'One account',
    params: idParams,
    result: accountSchema,
    run: async ({ context, params }) => found(await accounts.get(context, params), 'account', params.id),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/accounts/:id',
    summary: 'Change an account’s name',
    params: idParams,
    body: updateAccountInputSchema.pick({ name: true }),
    result: accountSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      accounts.update(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  ...(['suspend', 'reactivate', 'deactivate'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/accounts/:id/${verb}`,
      summary: `${verb} an account`,
      params: idParams,
      result: accountSchema,
      needsVersion: true,
      run: ({ context, params, expectedVersion }) =>
        accounts[verb](context, { ...params, expectedVersion: expectedVersion() }),
    }),
  ),
]
