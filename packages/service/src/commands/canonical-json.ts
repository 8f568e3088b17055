import type { JsonValue } from '@user-engine/store-protocol'

/** What an input may hold: JSON, and fields that are absent because they are `undefined`. */
export type CanonicalInput =
  | JsonValue
  | undefined
  | readonly CanonicalInput[]
  | { readonly [key: string]: CanonicalInput }

/** JSON text in which equal values are equal texts: object keys sorted, absent fields left out, -0 as 0. */
export function writeCanonicalJson(value: CanonicalInput): string {
  if (Array.isArray(value)) return `[${value.map(writeCanonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) return writeObject(value as CanonicalObject)
  return JSON.stringify(value ?? null)
}

type CanonicalObject = { readonly [key: string]: CanonicalInput }

function writeObject(value: CanonicalObject): string {
  let members = ''
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member === undefined) continue
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${writeCanonicalJson(member)}`
  }
  return `{${members}}`
}

/** Whether two JSON values are the same value, whatever the order of their keys. */
export function isSameJson(one: JsonValue, other: JsonValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return writeCanonicalJson(one) === writeCanonicalJson(other)
}
