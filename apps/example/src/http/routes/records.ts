import {
  ACTOR_TYPES,
  AUDIT_ORDERS,
  AUDIT_OUTCOMES,
  auditRecordSchema,
  ENTITY_KINDS,
  instantSchema,
  OUTBOX_STATES,
  outboxEventSchema,
  UserEngineError,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineRoute, type RouteGroup } from '../define-routes.ts'
import { found, idParams, pageOf, pageQuery, pageSchema } from '../route-parts.ts'

const auditQuery = pageQuery.extend({
  actor: z.string().optional().describe('<type>:<id>'),
  target: z.string().optional().describe('<type>:<id>'),
  action: z.string().optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  from: instantSchema.optional(),
  until: instantSchema.optional(),
  order: z.enum(AUDIT_ORDERS).optional(),
})

const entrySchema = z.object({
  event: outboxEventSchema,
  state: z.enum(OUTBOX_STATES),
  attempts: z.int().nullable(),
})

export const recordRoutes: RouteGroup = (engine) => [
  defineRoute({
    method: 'GET',
    path: '/audit-records',
    summary: 'Who did what to what, in the order of commits',
    query: auditQuery,
    result: pageSchema(auditRecordSchema),
    run: ({ context, query }) => engine.audit.list(context, auditRequest(query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/audit-records/:id',
    summary: 'One audit record',
    params: idParams,
    result: auditRecordSchema,
    run: async ({ context, params }) =>
      found(await engine.audit.get(context, params), 'audit-record', params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/outbox-events',
    summary: 'The events of the scope and how far they have come',
    query: pageQuery.extend({ state: z.enum(OUTBOX_STATES).optional() }),
    result: pageSchema(entrySchema),
    run: ({ context, query: { state, ...page } }) =>
      engine.outbox.list(context, { ...(state === undefined ? {} : { state }), page: pageOf(page) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/record-counts',
    summary: 'How many records of each kind the scope sees',
    result: z.record(z.enum(ENTITY_KINDS), z.int()),
    run: ({ context }) => engine.countRecords(context),
  }),
]

function auditRequest({
  actor,
  target,
  action,
  outcome,
  from,
  until,
  order,
  ...page
}: z.output<typeof auditQuery>) {
  const filter = {
    ...(actor === undefined ? {} : { actor: reference('actor', actor, ACTOR_TYPES) }),
    ...(target === undefined ? {} : { target: reference('target', target, ENTITY_KINDS) }),
    ...(action === undefined ? {} : { action }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
  }
  return { filter, ...(order === undefined ? {} : { order }), page: pageOf(page) }
}

function reference<Type extends string>(
  path: string,
  text: string,
  types: readonly Type[],
): { type: Type; id: string } {
  const [type, ...rest] = text.split(':')
  const known = types.find((candidate) => candidate === type)
  const id = rest.join(':')
  if (known === undefined || id === '') {
    throw new UserEngineError('VALIDATION', {
      issues: [{ path, expected: `<type>:<id> with a type of ${types.join(', ')}` }],
    })
  }
  return { type: known, id }
}
