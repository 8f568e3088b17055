import type {
  AttributeDefinition,
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

/**
 * Computes the effective attributes: application value over tenant value over global value over default, limited to
 * the attributes given and to the levels each of them allows. A `null` that was set is a value and hides the levels below
 * it; an absent default is no value [VAL-03]. Attributes are by key, and values as a store lists them: by attribute
 * key, then level (global, tenant, application) [QRY-02].
 */
export function resolveEffective(
  definitions: readonly AttributeDefinition[],
  values: readonly ProfileValue[],
): EffectiveAttributes {
  const attributes: EffectiveAttribute[] = []
  const missing: Key[] = []
  let at = 0
  for (const definition of definitions) {
    const { key, levels } = definition
    let nearest: ProfileValue | undefined
    for (let value = values[at]; value !== undefined && value.attributeKey <= key; value = values[++at]) {
      // Of the levels of one key the nearest comes last.
      if (value.attributeKey === key && levels.includes(value.scope.level)) nearest = value
    }
    if (nearest !== undefined) attributes.push(attributeOf(definition, nearest))
    else if (definition.default !== undefined) attributes.push(defaultOf(definition, definition.default))
    else if (definition.required) missing.push(key)
  }
  return { attributes, missing }
}

function attributeOf({ key, classification }: AttributeDefinition, stored: ProfileValue): EffectiveAttribute {
  const { value, scope, provenance, version, updatedAt } = stored
  return { key, value, origin: scope.level, classification, provenance, version, updatedAt }
}

function defaultOf({ key, classification }: AttributeDefinition, value: JsonValue): EffectiveAttribute {
  const nobody = { provenance: null, version: null, updatedAt: null }
  return { key, value, origin: 'default', classification, ...nobody }
}
