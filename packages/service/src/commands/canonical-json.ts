import type { JsonValue } from '@user-engine/store-protocol'

/** What an input may hold: JSON, and fields that are absent because they are `undefined`. */
export type CanonicalInput =
  | JsonValue
  | undefined
  | readonly CanonicalInput[]
  | { readonly [key: string]: CanonicalInput }

/** JSON text in which equal values are equal texts: object keys in one order, absent fields left out, -0 as 0. */
export function writeCanonicalJson(value: CanonicalInput): string {
  return JSON.stringify(order(value) ?? null)
}

/** The same value, its objects made with their keys in order. No input has a key `__proto__` [VAL-02]. */
function order(value: CanonicalInput): CanonicalInput {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(order)
  const given = value as { readonly [key: string]: CanonicalInput }
  const ordered: Record<string, CanonicalInput> = {}
  for (const key of Object.keys(given).sort()) ordered[key] = order(given[key])
  return ordered
}

/** Whether two JSON values are the same value, whatever the order of their keys. */
export function isSameJson(one: JsonValue, other: JsonValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return writeCanonicalJson(one) === writeCanonicalJson(other)
}
