import {
  AUDIENCES,
  CLASSIFICATIONS,
  idSchema,
  instantSchema,
  jsonValueSchema,
  keySchema,
  PROFILE_LEVELS,
  profileValueSchema,
  provenanceSchema,
  versionSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { pageOf, pageQuery, pageSchema, userParams } from '../route-parts.ts'

const audience = z.enum(AUDIENCES)
const source = { applicationId: idSchema.optional(), catalogId: idSchema.optional() }
const level = z.enum(PROFILE_LEVELS)
const expectedVersion = z.int().min(0).optional().describe('0: must not exist yet; absent: whatever is there')

const effectiveSchema = z.object({
  userId: idSchema,
  applicationId: idSchema,
  catalog: z.object({ id: idSchema, key: keySchema, catalogVersion: z.int() }),
  attributes: z.array(
    z.object({
      key: keySchema,
      value: jsonValueSchema,
      origin: z.enum(['application', 'tenant', 'global', 'default']),
      classification: z.enum(CLASSIFICATIONS),
      provenance: provenanceSchema.nullable(),
      version: versionSchema.nullable(),
      updatedAt: instantSchema.nullable(),
    }),
  ),
  missing: z.array(keySchema),
})

export const profileRoutes: RouteGroup = ({ profiles }) => [
  defineRoute({
    method: 'GET',
    path: '/users/:userId/profile',
    summary: 'The effective profile for an application: each value with where it came from',
    params: userParams,
    query: z.object({ applicationId: idSchema, audience: audience.default('application') }),
    result: effectiveSchema,
    run: ({ context, params, query }) => profiles.effective(context, { ...params, ...query }),
  }),
]

export const profileValueRoutes: RouteGroup = ({ profiles }) => [
  defineRoute({
    method: 'GET',
    path: '/users/:userId/profile-values',
    summary: 'The stored values of a user',
    params: userParams,
    query: pageQuery.extend({ applicationId: idSchema.optional() }),
    result: pageSchema(profileValueSchema),
    run: ({ context, params, query: { applicationId, ...page } }) =>
      profiles.listValues(context, {
        ...params,
        ...(applicationId === undefined ? {} : { applicationId }),
        page: pageOf(page),
      }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/users/:userId/profile-values',
    summary: 'Set values, all or nothing',
    params: userParams,
    body: z.strictObject({
      ...source,
      source: provenanceSchema.shape.source,
      audience,
      values: z
        .array(z.strictObject({ level, attributeKey: keySchema, value: jsonValueSchema, expectedVersion }))
        .min(1)
        .max(100),
    }),
    result: z.array(profileValueSchema),
    run: ({ context, params, body }) => profiles.setValues(context, { ...body, ...params }),
  }),
  defineRoute({
    method: 'POST',
    path: '/users/:userId/profile-values/clear',
    summary: 'Clear values, all or nothing',
    params: userParams,
    body: z.strictObject({
      ...source,
      audience,
      values: z
        .array(z.strictObject({ level, attributeKey: keySchema, expectedVersion }))
        .min(1)
        .max(100),
    }),
    result: z.array(profileValueSchema.nullable()),
    run: ({ context, params, body }) => profiles.clearValues(context, { ...body, ...params }),
  }),
]
