import * as z from 'zod'
import type { ValidationIssue } from '../errors/error-codes.ts'
import { isStorableText } from './text.ts'

/** A value that survives JSON unchanged. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

export type JsonObject = { readonly [key: string]: JsonValue }

/** The largest value a store has to keep, as UTF-8 bytes of its JSON text [VAL-02]. */
export const MAX_JSON_BYTES = 256 * 1024

/** How deep arrays and objects may be nested; a scalar has depth 0 [VAL-02]. */
export const MAX_JSON_DEPTH = 32

/**
 * Finds the first reason why a value cannot be kept, or `null`. The reason names the path, never the value.
 * Fulfils [VAL-02]: U+0000, lone surrogates, NaN, Infinity, undefined, functions, symbols, bigints, class
 * instances such as Date, cycles, depth over {@link MAX_JSON_DEPTH}, size over {@link MAX_JSON_BYTES}.
 */
export function findJsonIssue(value: unknown): ValidationIssue | null {
  // Nearly every value is good and small: a path and an exact size are only worked out for the others.
  if (mostBytes(value, 0) <= MAX_JSON_BYTES) return null
  return visit(value, { path: [], bytesLeft: MAX_JSON_BYTES })
}

const MOST_BYTES_OF_UNIT = 6
const MOST_BYTES_OF_SCALAR = 32

/** How many bytes of JSON text a value has at most; `Infinity` when it has to be looked at closely. */
function mostBytes(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return mostBytesOfText(value)
    case 'number':
      return Number.isFinite(value) ? MOST_BYTES_OF_SCALAR : Number.POSITIVE_INFINITY
    case 'boolean':
      return MOST_BYTES_OF_SCALAR
    case 'object':
      if (value === null) return MOST_BYTES_OF_SCALAR
      if (depth === MAX_JSON_DEPTH) return Number.POSITIVE_INFINITY
      return Array.isArray(value) ? mostBytesOfArray(value, depth) : mostBytesOfObject(value, depth)
    default:
      return Number.POSITIVE_INFINITY
  }
}

function mostBytesOfText(text: string): number {
  return isStorableText(text) ? text.length * MOST_BYTES_OF_UNIT + 2 : Number.POSITIVE_INFINITY
}

function mostBytesOfArray(values: readonly unknown[], depth: number): number {
  let bytes = bracketBytes(values.length)
  // Stopping here also ends the walk over a cycle at its first turn.
  for (let index = 0; index < values.length && bytes <= MAX_JSON_BYTES; index++) {
    bytes += mostBytes(values[index], depth + 1)
  }
  return bytes
}

function mostBytesOfObject(value: object, depth: number): number {
  if (Object.getPrototypeOf(value) !== Object.prototype) return Number.POSITIVE_INFINITY
  // Both together cost a fraction of `Reflect.ownKeys`.
  if (Object.getOwnPropertySymbols(value).length > 0) return Number.POSITIVE_INFINITY
  const keys = Object.getOwnPropertyNames(value)
  let bytes = bracketBytes(keys.length)
  for (const key of keys) {
    if (key === '__proto__') return Number.POSITIVE_INFINITY
    const member = (value as Record<string, unknown>)[key]
    bytes += mostBytesOfText(key) + ':'.length + mostBytes(member, depth + 1)
    if (bytes > MAX_JSON_BYTES) return bytes
  }
  return bytes
}

interface Walk {
  readonly path: (string | number)[]
  bytesLeft: number
}

function visit(value: unknown, walk: Walk): ValidationIssue | null {
  switch (typeof value) {
    case 'string':
      if (!isStorableText(value)) return issue(walk, 'text without U+0000 and without lone surrogates')
      return spend(walk, jsonTextBytes(value))
    case 'number':
      if (!Number.isFinite(value)) return issue(walk, 'a finite number')
      return spend(walk, String(value).length)
    case 'boolean':
      return spend(walk, value ? 4 : 5)
    case 'object':
      if (value === null) return spend(walk, 4)
      // The depth limit also ends the walk over a cycle, at most 32 levels down.
      if (walk.path.length >= MAX_JSON_DEPTH)
        return issue(walk, `at most ${MAX_JSON_DEPTH} levels, without cycles`)
      return Array.isArray(value) ? visitArray(value, walk) : visitObject(value, walk)
    default:
      return issue(walk, 'a JSON value: null, boolean, number, string, array or plain object')
  }
}

function visitArray(values: readonly unknown[], walk: Walk): ValidationIssue | null {
  for (let index = 0; index < values.length; index++) {
    walk.path.push(index)
    const found = visit(values[index], walk)
    if (found !== null) return found
    walk.path.pop()
  }
  return spend(walk, bracketBytes(values.length))
}

function visitObject(value: object, walk: Walk): ValidationIssue | null {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    return issue(walk, 'a plain object, not an instance of a class')
  }
  const keys = Reflect.ownKeys(value)
  for (const key of keys) {
    if (typeof key === 'symbol') return issue(walk, 'an object without symbol keys')
    if (key === '__proto__') return issue(walk, 'an object without the key __proto__')
    if (!isStorableText(key)) return issue(walk, 'keys without U+0000 and without lone surrogates')
    walk.path.push(key)
    const found = visit((value as Record<string, unknown>)[key], walk)
    if (found !== null) return found
    walk.path.pop()
    const overBudget = spend(walk, jsonTextBytes(key) + ':'.length)
    if (overBudget !== null) return overBudget
  }
  return spend(walk, bracketBytes(keys.length))
}

function bracketBytes(members: number): number {
  return 2 + Math.max(0, members - 1)
}

function spend(walk: Walk, bytes: number): ValidationIssue | null {
  walk.bytesLeft -= bytes
  return walk.bytesLeft < 0 ? { path: '', expected: `at most ${MAX_JSON_BYTES} bytes as JSON text` } : null
}

// Backspace, tab, line feed, form feed and carriage return have two-character escapes; the others six.
const SHORT_ESCAPES = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d])

function jsonTextBytes(text: string): number {
  let bytes = 2
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === 0x22 || unit === 0x5c) bytes += 2
    else if (unit < 0x20) bytes += SHORT_ESCAPES.has(unit) ? 2 : 6
    else if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    // Each half of a surrogate pair counts for two of its four UTF-8 bytes.
    else if (unit >= 0xd800 && unit <= 0xdfff) bytes += 2
    else bytes += 3
  }
  return bytes
}

function issue(walk: Walk, expected: string): ValidationIssue {
  return { path: formatPath(walk.path), expected }
}

/** Writes a path as `a.b[0]["odd key"]`. Keys are part of a document's shape and appear; values never do. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`
    else text += '[*]'
  }
  return text
}

/** The schema of any {@link JsonValue}. */
export const jsonValueSchema = z.custom<JsonValue>().superRefine((value, context) => {
  const found = findJsonIssue(value)
  if (found !== null) {
    context.addIssue({ code: 'custom', message: found.expected, params: { jsonPath: found.path } })
  }
})

/** The schema of a {@link JsonValue} that is an object. */
export const jsonObjectSchema = z.custom<JsonObject>().superRefine((value, context) => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const found = isObject ? findJsonIssue(value) : { path: '', expected: 'a JSON object' }
  if (found !== null) {
    context.addIssue({ code: 'custom', message: found.expected, params: { jsonPath: found.path } })
  }
})
