import { formatPath } from '../values/json-value.ts'

const MAX_DEPTH = 16

/**
 * The path of the first object that is no plain data: one of a class, one that contains itself, or one that can do
 * something other than give a password; `null` when there is none.
 */
export function findForeignObject(value: unknown, name: string): string | null {
  const found = search(value, [])
  if (found === null) return null
  const path = formatPath(found)
  return path === '' ? name : `${name}${path.startsWith('[') ? '' : '.'}${path}`
}

function search(value: unknown, path: readonly (string | number)[]): readonly (string | number)[] | null {
  if (typeof value === 'function') return path.at(-1) === 'password' ? null : path
  if (typeof value !== 'object' || value === null) return null
  // What contains itself is deeper than any data.
  if (!isPlain(value) || path.length > MAX_DEPTH) return path
  for (const [key, member] of Object.entries(value)) {
    const found = search(member, [...path, Array.isArray(value) ? Number(key) : key])
    if (found !== null) return found
  }
  return null
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  // Also of another realm, such as that of a test runner.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
