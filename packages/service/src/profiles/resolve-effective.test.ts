import {
  type AttributeDefinition,
  type Audience,
  type Catalog,
  type JsonValue,
  PROFILE_LEVELS,
  type ProfileScope,
  type ProfileValue,
} from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createCompiledCatalogs } from '../catalogs/compiled-catalogs.ts'
import { defineAttribute } from '../testing/definitions.ts'
import { type EffectiveAttributes, resolveEffective } from './resolve-effective.ts'

const NOW = '2026-01-01T00:00:00.000Z'
const PROVENANCE = {
  source: 'test',
  actor: { type: 'system', id: 'test' },
  catalogId: 'catalog',
  catalogVersion: 1,
} as const

const SCOPES: { readonly [Level in ProfileScope['level']]: ProfileScope } = {
  global: { level: 'global' },
  tenant: { level: 'tenant', tenantId: 't' },
  application: { level: 'application', tenantId: 't', applicationId: 'app' },
}

function catalogOf(...attributes: AttributeDefinition[]): Catalog {
  return {
    id: 'catalog',
    applicationId: null,
    key: 'people',
    catalogVersion: 1,
    status: 'published',
    attributes,
    breakingChanges: [],
    version: 2,
    createdAt: NOW,
    updatedAt: NOW,
  }
}

function valueAt(level: ProfileScope['level'], attributeKey: string, value: JsonValue): ProfileValue {
  return {
    id: `${level}-${attributeKey}`,
    userId: 'user',
    scope: SCOPES[level],
    attributeKey,
    value,
    provenance: PROVENANCE,
    version: 3,
    createdAt: NOW,
    updatedAt: NOW,
  }
}

/** What a profile amounts to, with the values as a store lists them: by key, then level. */
function resolve(catalog: Catalog, values: readonly ProfileValue[], audience: Audience): EffectiveAttributes {
  const place = ({ attributeKey, scope }: ProfileValue) =>
    `${attributeKey} ${PROFILE_LEVELS.indexOf(scope.level)}`
  const listed = values.toSorted((one, other) => (place(one) < place(other) ? -1 : 1))
  return resolveEffective(createCompiledCatalogs().compile(catalog).viewedBy(audience), listed)
}

const city = defineAttribute({ key: 'city', default: 'nowhere', classification: 'personal' })

test('application wins over tenant, tenant over global, global over the default', () => {
  const all = [
    valueAt('global', 'city', 'g'),
    valueAt('tenant', 'city', 't'),
    valueAt('application', 'city', 'a'),
  ]
  const origins = [3, 2, 1, 0].map((count) => {
    const [attribute] = resolve(catalogOf(city), all.slice(0, count), 'self').attributes
    return [attribute?.origin, attribute?.value]
  })
  expect(origins).toEqual([
    ['application', 'a'],
    ['tenant', 't'],
    ['global', 'g'],
    ['default', 'nowhere'],
  ])
})

test('a stored value says where it came from, a default that it came from nobody', () => {
  const other = defineAttribute({ key: 'other', default: null })
  expect(resolve(catalogOf(city, other), [valueAt('tenant', 'city', 't')], 'self')).toEqual({
    attributes: [
      {
        key: 'city',
        value: 't',
        origin: 'tenant',
        classification: 'personal',
        provenance: PROVENANCE,
        version: 3,
        updatedAt: NOW,
      },
      {
        key: 'other',
        value: null,
        origin: 'default',
        classification: 'internal',
        provenance: null,
        version: null,
        updatedAt: null,
      },
    ],
    missing: [],
  })
})

test('null is a value and hides what lies below it [VAL-03]', () => {
  const values = [valueAt('application', 'city', null), valueAt('global', 'city', 'g')]
  const [attribute] = resolve(catalogOf(city), values, 'self').attributes
  expect(attribute).toMatchObject({ origin: 'application', value: null })
})

test('a level that the attribute does not allow does not count', () => {
  const tenantOnly = defineAttribute({ key: 'city', levels: ['tenant'] })
  const values = [valueAt('application', 'city', 'a'), valueAt('global', 'city', 'g')]
  expect(resolve(catalogOf(tenantOnly), values, 'self').attributes).toEqual([])
})

test('only what the audience may view is there, and only the attributes of the catalog', () => {
  const forPlatform = defineAttribute({ key: 'hidden', viewers: ['platform'], required: true })
  const values = [valueAt('global', 'hidden', 'h'), valueAt('global', 'unknown', 'u')]
  const profile = resolve(catalogOf(city, forPlatform), values, 'application')
  expect(profile.attributes.map(({ key }) => key)).toEqual(['city'])
  expect(profile.missing).toEqual([])
})

test('missing is what is required, visible, and nowhere set', () => {
  const required = (key: string, rest: Partial<AttributeDefinition> = {}) =>
    defineAttribute({ key, required: true, ...rest })
  const profile = resolve(
    catalogOf(
      required('z-missing'),
      required('set'),
      required('defaulted', { default: 'd' }),
      required('invisible', { viewers: [] }),
      required('a-missing'),
      defineAttribute({ key: 'optional' }),
    ),
    [valueAt('tenant', 'set', 's')],
    'self',
  )
  expect(profile.missing).toEqual(['a-missing', 'z-missing'])
  expect(profile.attributes.map(({ key }) => key)).toEqual(['defaulted', 'set'])
})

test('resolving changes neither the catalog nor the values', () => {
  const catalog = Object.freeze(catalogOf(defineAttribute({ key: 'b' }), defineAttribute({ key: 'a' })))
  Object.freeze(catalog.attributes)
  resolve(catalog, [], 'self')
  expect(catalog.attributes.map(({ key }) => key)).toEqual(['b', 'a'])
})
