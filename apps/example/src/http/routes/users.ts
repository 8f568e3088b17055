import { createUserInputSchema, provisionUserInputSchema, updateUserInputSchema } from '@user-engine/service'
import { idSchema, userSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema } from '../route-parts.ts'

const provisionedSchema = z.object({
  outcome: z.enum(['created', 'updated', 'unchanged']),
  userId: idSchema,
  accountId: idSchema,
  tenantAccountId: idSchema,
  changed: z.array(z.string()),
})

export const userRoutes: RouteGroup = ({ users }) => [
  defineRoute({
    method: 'GET',
    path: '/users',
    summary: 'The users of the scope, by id',
    query: pageQuery,
    result: pageSchema(userSchema),
    run: ({ context, query }) => users.list(context, { page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/users',
    summary: 'Create a user',
    body: createUserInputSchema,
    status: 201,
    result: userSchema,
    run: ({ context, body }) => users.create(context, body),
  }),
  defineRoute({
    method: 'GET',
    path: '/users/:id',
    summary: 'One user',
    params: idParams,
    result: userSchema,
    run: async ({ context, params }) => found(await users.get(context, params), 'user', params.id),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/users/:id',
    summary: 'Change a user’s display name',
    params: idParams,
    body: updateUserInputSchema.pick({ displayName: true }),
    result: userSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      users.update(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  ...(['suspend', 'reactivate', 'deactivate'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/users/:id/${verb}`,
      summary: `${verb} a user`,
      params: idParams,
      result: userSchema,
      needsVersion: true,
      run: ({ context, params, expectedVersion }) =>
        users[verb](context, { ...params, expectedVersion: expectedVersion() }),
    }),
  ),
]

export const provisioningRoutes: RouteGroup = (engine) => [
  defineRoute({
    method: 'POST',
    path: '/users/provision',
    summary: 'Bring one user to the state an outside source describes',
    body: provisionUserInputSchema,
    result: provisionedSchema,
    run: ({ context, body }) => engine.provisionUser(context, body),
  }),
]
