import { membershipSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { idParams, pageOf, pageQuery, pageSchema } from '../route-parts.ts'

const { id, tenantAccountId, group, role, validFrom, validUntil } = membershipSchema.shape
const ofTenantAccount = z.object({ tenantAccountId })
const validity = { validFrom: validFrom.optional(), validUntil: validUntil.optional() }

export const membershipRoutes: RouteGroup = ({ memberships }) => [
  defineRoute({
    method: 'GET',
    path: '/tenant-accounts/:tenantAccountId/memberships',
    summary: 'The memberships of a tenant account',
    params: ofTenantAccount,
    query: pageQuery,
    result: pageSchema(membershipSchema),
    run: ({ context, params, query }) =>
      memberships.listByTenantAccount(context, { ...params, page: pageOf(query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/groups/:group/memberships',
    summary: 'The memberships in a group',
    params: z.object({ group }),
    query: pageQuery,
    result: pageSchema(membershipSchema),
    run: ({ context, params, query }) => memberships.listByGroup(context, { ...params, page: pageOf(query) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/tenant-accounts/:tenantAccountId/memberships',
    summary: 'Grant a role in a group',
    params: ofTenantAccount,
    body: z.strictObject({ id: id.optional(), group, role, ...validity }),
    status: 201,
    result: membershipSchema,
    run: ({ context, params, body }) => memberships.grant(context, { ...body, ...params }),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/memberships/:id',
    summary: 'Change how long a membership holds',
    params: idParams,
    body: z.strictObject(validity),
    result: membershipSchema,
    needsVersion: true,
    run: ({ context, params, body, expectedVersion }) =>
      memberships.update(context, { ...params, ...body, expectedVersion: expectedVersion() }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/memberships/:id',
    summary: 'Revoke a membership',
    params: idParams,
    status: 204,
    result: z.undefined(),
    needsVersion: true,
    async run({ context, params, expectedVersion }) {
      await memberships.revoke(context, { ...params, expectedVersion: expectedVersion() })
    },
  }),
]
