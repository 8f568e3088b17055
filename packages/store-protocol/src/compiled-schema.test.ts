import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { compiledSchema } from './compiled-schema.ts'
import * as protocol from './index.ts'

const AT = '2026-01-31T09:30:00.000Z'
const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const kept = { id: ID, version: 1, createdAt: AT, updatedAt: AT }
const actor = { type: 'service', id: 'x' }
const provenance = { source: 's', actor, catalogId: ID, catalogVersion: 1 }

/** Schemas, and input that each of them accepts. */
const SAMPLES: readonly (readonly [name: string, schema: z.ZodType, samples: readonly unknown[]])[] = [
  [
    'user',
    protocol.userSchema,
    [
      { ...kept, kind: 'person', displayName: 'Ada', status: 'active' },
      { ...kept, kind: 'agent', displayName: null, status: 'suspended' },
    ],
  ],
  [
    'update of a user',
    protocol.versionedUpdateSchema(protocol.userChangesSchema),
    [
      { id: ID, expectedVersion: 2, set: {}, updatedAt: AT },
      { id: ID, expectedVersion: 2, set: { displayName: undefined, status: 'active' }, updatedAt: AT },
    ],
  ],
  ['identity key', protocol.identityKeySchema, [{ issuer: 'i', subject: 's' }]],
  [
    'scope of a profile value',
    protocol.profileScopeSchema,
    [
      { level: 'global' },
      { level: 'tenant', tenantId: 'acme' },
      { level: 'application', tenantId: 'acme', applicationId: ID },
    ],
  ],
  [
    'profile value',
    protocol.profileValueSchema,
    [
      {
        ...kept,
        userId: ID,
        scope: { level: 'global' },
        attributeKey: 'a',
        value: [{ b: '😀' }],
        provenance,
      },
    ],
  ],
  [
    'attribute',
    protocol.attributeDefinitionSchema,
    [
      {
        ...{
          key: 'color',
          type: 'string',
          description: null,
          constraints: { maxLength: 3, oneOf: ['a', 1] },
        },
        ...{ default: { deep: [null] }, required: false, classification: 'public' },
        ...{ viewers: ['self'], editors: [], levels: ['global'] },
      },
    ],
  ],
  [
    'audit record',
    protocol.auditRecordSchema,
    [
      {
        ...{ id: ID, tenantId: 'acme', occurredAt: AT, actor, action: 'user.create' },
        ...{ target: { type: 'user', id: 'x' }, outcome: 'allowed', reason: null, changedFields: ['a'] },
        ...{ correlationId: null, causationId: 'c' },
      },
    ],
  ],
  [
    'event',
    protocol.outboxEventSchema,
    [
      {
        ...{ id: ID, tenantId: null, aggregateType: 'user', aggregateId: 'x', type: 't', schemaVersion: 1 },
        ...{ payload: { a: [1, { b: '😀' }] }, occurredAt: AT, correlationId: 'c', causationId: null },
      },
    ],
  ],
  ['page', protocol.pageRequestSchema, [{}, { limit: 500, cursor: 'x' }]],
]

const cycle: unknown[] = []
cycle.push(cycle)

/** What is put in the place of everything, everywhere. */
const ODDITIES: readonly unknown[] = [
  ...[undefined, null, true, 0, -0, 1, -1, 1.5, 501, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 10n],
  ...[
    '',
    ' ',
    'a',
    'A',
    'ä',
    '😀'.repeat(256),
    'a'.repeat(1025),
    '\u0000',
    '\ud800',
    'person',
    'global',
    'tenant',
  ],
  ...[ID.toUpperCase(), ` ${ID}`, `${ID}\n`, AT, '2026-02-30T00:00:00.000Z'],
  ...[[], [[]], ['a'], ['\u0000'], Array(3), new Array(600).fill('a'), cycle],
  ...[{}, { a: 1 }, { a: undefined }, Object.create(null), Object.create({ id: ID }), new Date(0)],
  ...[new Map(), Symbol('s'), () => 1, /x/],
]

/** All variants of a value with one thing in it replaced, removed or added. */
function* variantsOf(value: unknown): Iterable<unknown> {
  yield* ODDITIES
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) {
      for (const variant of variantsOf(member)) yield value.with(index, variant)
    }
    for (const oddity of ODDITIES) yield [...value, oddity]
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      for (const variant of variantsOf(member)) yield { ...value, [name]: variant }
      const { [name]: _removed, ...rest } = value as Record<string, unknown>
      yield rest
      yield Object.assign(Object.create({ [name]: member }), rest)
      yield Object.defineProperty({ ...rest }, name, { value: member, enumerable: false })
    }
    yield { ...value, unknown: 1 }
    yield { ...value, toString: 1 }
    yield Object.assign(Object.create(null), value)
    yield Object.assign(new (class Thing {})(), value)
  }
}

function outcomeOf(schema: z.ZodType, input: unknown) {
  const parsed = schema.safeParse(input)
  return parsed.success ? { data: parsed.data } : { issues: protocol.formatIssues(parsed.error) }
}

describe.each(SAMPLES)('the compiled schema of: %s', (_name, schema, samples) => {
  const compiled = compiledSchema(schema)

  it('says what the schema says of everything, good and bad', () => {
    let refused = 0
    for (const sample of samples) {
      expect(outcomeOf(compiled, sample)).toEqual({ data: sample })
      for (const variant of variantsOf(sample)) {
        const outcome = outcomeOf(schema, variant)
        if ('issues' in outcome) refused++
        expect(outcomeOf(compiled, variant)).toStrictEqual(outcome)
      }
    }
    expect(refused).toBeGreaterThan(ODDITIES.length / 2)
  })
})

const SCHEMAS = Object.entries<unknown>(protocol).flatMap(([name, value]) =>
  value instanceof z.ZodType ? [[name, value] as const] : [],
)

it.each(SCHEMAS)('%s can be compiled', (_name, schema) => {
  expect(() => z.compile(schema, { strict: true })).not.toThrow()
})
