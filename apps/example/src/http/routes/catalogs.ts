import { draftCatalogInputSchema, editDraftInputSchema } from '@user-engine/service'
import { catalogSchema, idSchema, keySchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema } from '../route-parts.ts'

export const catalogReadRoutes: RouteGroup = ({ catalogs }) => [
  defineRoute({
    method: 'GET',
    path: '/catalogs',
    summary: 'All catalogs, by id',
    query: pageQuery,
    result: pageSchema(catalogSchema),
    run: ({ context, query }) => catalogs.list(context, { page: pageOf(query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/catalogs/:id',
    summary: 'One catalog version',
    params: idParams,
    result: catalogSchema,
    run: async ({ context, params }) => found(await catalogs.get(context, params), 'catalog', params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/catalog-versions/:key',
    summary: 'The versions of one catalog, newest first',
    params: z.object({ key: keySchema }),
    query: pageQuery.extend({ applicationId: idSchema.optional() }),
    result: pageSchema(catalogSchema),
    run: ({ context, params, query }) =>
      catalogs.listVersions(context, {
        ...params,
        applicationId: query.applicationId ?? null,
        page: pageOf(query),
      }),
  }),
]

export const catalogRoutes: RouteGroup = ({ catalogs }) => [
  defineRoute({
    method: 'POST',
    path: '/catalogs',
    summary: 'Draft a catalog version',
    body: draftCatalogInputSchema,
    status: 201,
    result: catalogSchema,
    run: ({ context, body }) => catalogs.draft(context, body),
  }),
  defineRoute({
    method: 'PUT',
    path: '/catalogs/:id/attributes',
    summary: 'Replace the attributes of a draft',
    params: idParams,
    body: editDraftInputSchema.pick({ attributes: true }),
    result: catalogSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      catalogs.editDraft(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  ...(['publish', 'retire'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/catalogs/:id/${verb}`,
      summary: `${verb} a catalog version`,
      params: idParams,
      result: catalogSchema,
      needsVersion: true,
      run: ({ context, params, expectedVersion }) =>
        catalogs[verb](context, { ...params, expectedVersion: expectedVersion() }),
    }),
  ),
]
