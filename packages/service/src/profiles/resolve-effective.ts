import type {
  AttributeDefinition,
  Audience,
  Catalog,
  Classification,
  Instant,
  JsonValue,
  Key,
  ProfileLevel,
  ProfileValue,
  Provenance,
  Version,
} from '@user-engine/store-protocol'

/** Where an effective value comes from: a level at which it was set, or the catalog. */
export type ValueSource = ProfileLevel | 'default'

/** One attribute of an effective profile. What a default carries of provenance, version and time is `null`. */
export interface EffectiveAttribute {
  readonly key: Key
  readonly value: JsonValue
  readonly origin: ValueSource
  readonly classification: Classification
  readonly provenance: Provenance | null
  readonly version: Version | null
  readonly updatedAt: Instant | null
}

/** What a profile amounts to for one audience. */
export interface EffectiveAttributes {
  /** By key, bytewise; attributes that have neither a value nor a default are absent. */
  readonly attributes: readonly EffectiveAttribute[]
  /** The required attributes that the audience may see and that have neither a value nor a default, by key. */
  readonly missing: readonly Key[]
}

// The nearest level wins.
const PRECEDENCE: readonly ProfileLevel[] = ['application', 'tenant', 'global']

/**
 * Computes the effective attributes: application value over tenant value over global value over default, limited to
 * the catalog's attributes, to the levels each of them allows, and to those the audience may view. A `null` that was
 * set is a value and hides the levels below it; an absent default is no value [VAL-03].
 */
export function resolveEffective(
  catalog: Catalog,
  values: readonly ProfileValue[],
  audience: Audience,
): EffectiveAttributes {
  const byLevel = indexValues(values)
  const visible = catalog.attributes
    .filter(({ viewers }) => viewers.includes(audience))
    // Keys are ASCII, so that the order of code units is the order of bytes [QRY-02].
    .sort((one, other) => (one.key < other.key ? -1 : 1))

  const attributes: EffectiveAttribute[] = []
  const missing: Key[] = []
  for (const definition of visible) {
    const effective = effectiveOf(definition, byLevel)
    if (effective !== null) attributes.push(effective)
    else if (definition.required) missing.push(definition.key)
  }
  return { attributes, missing }
}

type ValuesByLevel = { readonly [Level in ProfileLevel]: Map<Key, ProfileValue> }

function indexValues(values: readonly ProfileValue[]): ValuesByLevel {
  const byLevel: ValuesByLevel = { application: new Map(), tenant: new Map(), global: new Map() }
  for (const value of values) byLevel[value.scope.level].set(value.attributeKey, value)
  return byLevel
}

function effectiveOf(definition: AttributeDefinition, byLevel: ValuesByLevel): EffectiveAttribute | null {
  const { key, classification, levels } = definition
  for (const level of PRECEDENCE) {
    const stored = levels.includes(level) ? byLevel[level].get(key) : undefined
    if (stored !== undefined) {
      const { value, provenance, version, updatedAt } = stored
      return { key, value, origin: level, classification, provenance, version, updatedAt }
    }
  }
  if (definition.default === undefined) return null
  const nobody = { provenance: null, version: null, updatedAt: null }
  return { key, value: definition.default, origin: 'default', classification, ...nobody }
}
