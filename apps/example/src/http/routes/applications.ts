import {
  bindApplicationInputSchema,
  rebindApplicationInputSchema,
  registerApplicationInputSchema,
  updateApplicationInputSchema,
} from '@user-engine/service'
import { applicationBindingSchema, applicationSchema } from '@user-engine/store-protocol'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema } from '../route-parts.ts'

export const applicationReadRoutes: RouteGroup = ({ applications }) => [
  defineRoute({
    method: 'GET',
    path: '/applications',
    summary: 'All applications, by id',
    query: pageQuery,
    result: pageSchema(applicationSchema),
    run: ({ context, query }) => applications.list(context, { page: pageOf(query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/applications/:id',
    summary: 'One application',
    params: idParams,
    result: applicationSchema,
    run: async ({ context, params }) =>
      found(await applications.get(context, params), 'application', params.id),
  }),
]

export const applicationRoutes: RouteGroup = ({ applications }) => [
  defineRoute({
    method: 'POST',
    path: '/applications',
    summary: 'Register an application',
    body: registerApplicationInputSchema,
    status: 201,
    result: applicationSchema,
    run: ({ context, body }) => applications.register(context, body),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/applications/:id',
    summary: 'Rename an application',
    params: idParams,
    body: updateApplicationInputSchema.pick({ name: true }),
    result: applicationSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      applications.update(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  defineRoute({
    method: 'POST',
    path: '/applications/:id/retire',
    summary: 'Retire an application',
    params: idParams,
    result: applicationSchema,
    needsVersion: true,
    run: ({ context, params, expectedVersion }) =>
      applications.retire(context, { ...params, expectedVersion: expectedVersion() }),
  }),
]

export const applicationBindingRoutes: RouteGroup = ({ applicationBindings }) => [
  defineRoute({
    method: 'GET',
    path: '/application-bindings',
    summary: 'The applications the tenant uses, by id',
    query: pageQuery,
    result: pageSchema(applicationBindingSchema),
    run: ({ context, query }) => applicationBindings.list(context, { page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/application-bindings',
    summary: 'Use an application, with the catalog version it pins',
    body: bindApplicationInputSchema,
    status: 201,
    result: applicationBindingSchema,
    run: ({ context, body }) => applicationBindings.bind(context, body),
  }),
  defineRoute({
    method: 'GET',
    path: '/application-bindings/:id',
    summary: 'One application binding',
    params: idParams,
    result: applicationBindingSchema,
    run: async ({ context, params }) =>
      found(await applicationBindings.get(context, params), 'application-binding', params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/application-bindings/:id/rebind',
    summary: 'Pin another catalog version',
    params: idParams,
    body: rebindApplicationInputSchema.pick({ catalogId: true }),
    result: applicationBindingSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      applicationBindings.rebind(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  ...(['disable', 'enable'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/application-bindings/:id/${verb}`,
      summary: `${verb} an application in the tenant`,
      params: idParams,
      result: applicationBindingSchema,
      needsVersion: true,
      run: ({ context, params, expectedVersion }) =>
        applicationBindings[verb](context, { ...params, expectedVersion: expectedVersion() }),
    }),
  ),
]
