import {
  type AttributeDefinition,
  accountSchema,
  applicationBindingSchema,
  applicationSchema,
  auditRecordSchema,
  catalogChangesSchema,
  catalogSchema,
  externalIdentitySchema,
  identityKeySchema,
  idSchema,
  instantSchema,
  keySchema,
  membershipChangesSchema,
  membershipSchema,
  outboxEventSchema,
  profileScopeSchema,
  profileValueChangesSchema,
  profileValueSchema,
  tenantAccountSchema,
  userChangesSchema,
  userSchema,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { describe, expect, it } from 'vitest'
import { createQuickCheck, type Schema } from './quick-check.ts'
import {
  AT,
  idOf,
  makeAccount,
  makeApplication,
  makeAudit,
  makeCatalog,
  makeEvent,
  makeIdentity,
  makeMembership,
  makeProfileValue,
  makeTenantAccount,
  makeUser,
} from './testing/records.ts'

const account = makeAccount(2, idOf(1))
const tenantAccount = makeTenantAccount(3, account)
const attribute: AttributeDefinition = {
  key: 'color',
  type: 'string',
  description: null,
  constraints: { maxLength: 3, oneOf: ['a', 1] },
  default: { deep: [null] },
  required: false,
  classification: 'public',
  viewers: ['self'],
  editors: [],
  levels: ['global'],
}
const update = <Set>(set: Set) => ({ id: idOf(1), expectedVersion: 2, set, updatedAt: AT })
const { value, provenance } = makeProfileValue(4, idOf(1))

/** Schemas, and input that each of them accepts. */
const SAMPLES: readonly (readonly [name: string, schema: Schema, samples: readonly unknown[]])[] = [
  ['user', userSchema, [makeUser(1), makeUser(1, { displayName: null })]],
  ['account', accountSchema, [account]],
  ['tenant account', tenantAccountSchema, [tenantAccount]],
  ['identity', externalIdentitySchema, [makeIdentity(4, idOf(1))]],
  ['identity key', identityKeySchema, [{ issuer: 'i', subject: 's' }, makeIdentity(4, idOf(1))]],
  ['application', applicationSchema, [makeApplication(1)]],
  [
    'binding',
    applicationBindingSchema,
    [
      {
        ...{ id: idOf(1), tenantId: 'acme', applicationId: idOf(2), catalogId: idOf(3), status: 'enabled' },
        ...{ version: 1, createdAt: AT, updatedAt: AT },
      },
    ],
  ],
  ['catalog', catalogSchema, [makeCatalog(1), makeCatalog(1, { attributes: [{ ...attribute }] })]],
  [
    'catalog changes',
    versionedUpdateSchema(catalogChangesSchema),
    [update({}), update({ status: 'retired' })],
  ],
  [
    'profile value',
    profileValueSchema,
    [makeProfileValue(1, idOf(2)), makeProfileValue(1, idOf(2), { value: null })],
  ],
  [
    'profile scope',
    profileScopeSchema,
    [
      { level: 'global' },
      { level: 'tenant', tenantId: 'acme' },
      { level: 'application', tenantId: 'acme', applicationId: idOf(1) },
    ],
  ],
  ['profile changes', versionedUpdateSchema(profileValueChangesSchema), [update({ value, provenance })]],
  ['membership', membershipSchema, [makeMembership(1, tenantAccount, { validFrom: AT })]],
  ['membership changes', versionedUpdateSchema(membershipChangesSchema), [update({ validUntil: null })]],
  [
    'user changes',
    versionedUpdateSchema(userChangesSchema),
    [update({}), update({ displayName: undefined })],
  ],
  ['deletion', versionedDeleteSchema, [{ id: idOf(1), expectedVersion: 1 }]],
  [
    'audit record',
    auditRecordSchema,
    [makeAudit(1), makeAudit(1, { changedFields: ['a', 'b'], tenantId: null })],
  ],
  ['event', outboxEventSchema, [makeEvent(1), makeEvent(1, { payload: { a: [1, { b: '😀' }] } })]],
  ['id', idSchema, [idOf(1)]],
  ['key', keySchema, ['a.b-c_d']],
  ['instant', instantSchema, [AT]],
]

const cycle: unknown[] = []
cycle.push(cycle)

/** What is put in the place of everything, everywhere. */
const ODDITIES: readonly unknown[] = [
  ...[undefined, null, true, 0, -0, 1, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 10n],
  ...[
    '',
    ' ',
    'a',
    'A',
    'ä',
    'a'.repeat(1025),
    '\u0000',
    '\ud800',
    'person',
    'global',
    'tenant',
    'application',
  ],
  ...[idOf(9), idOf(9).toUpperCase(), ` ${idOf(9)}`, `${idOf(9)}\n`, AT, '2026-02-30T00:00:00.000Z'],
  ...[[], [[]], ['a'], ['\u0000'], Array(3), new Array(600).fill('a'), cycle],
  ...[{}, { a: 1 }, { a: undefined }, Object.create(null), Object.create({ id: idOf(1) }), new Date(0)],
  ...[new Map(), Symbol('s'), () => 1, /x/, new Proxy({}, {})],
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
    yield Object.assign(Object.create({ inherited: 1 }), value)
    yield Object.assign(new (class Thing {})(), value)
  }
}

describe.each(SAMPLES)('quick check of: %s', (_name, schema, samples) => {
  const isRight = createQuickCheck(schema)

  it('recognises what is right', () => {
    for (const sample of samples) {
      expect(schema.safeParse(sample).success).toBe(true)
      expect(isRight(sample)).toBe(true)
    }
  })

  it('never says yes where the schema says no', () => {
    let refused = 0
    for (const sample of samples) {
      for (const variant of variantsOf(sample)) {
        const isAccepted = schema.safeParse(variant).success
        if (!isAccepted) refused++
        if (isRight(variant) && !isAccepted) expect.soft(variant).toBe('refused, as the schema does')
      }
    }
    expect(refused).toBeGreaterThan(ODDITIES.length / 2)
  })
})
