/**
 * Recognises good input fast.
 *
 * The schemas of the protocol are the law, and they say precisely what is wrong with an input. Nearly all input is
 * right, though, and then all that a schema finds out is that. So a quick check is derived from a schema: it says
 * yes only to what the schema accepts as well, at a fraction of the cost; when it does not say yes, the schema itself
 * decides. A part that it does not know how to look at is left to that part's own schema.
 */
import { findJsonIssue, jsonObjectSchema, jsonValueSchema, type validate } from '@user-engine/store-protocol'

export type Schema = Parameters<typeof validate>[0]
export type QuickCheck = (value: unknown) => boolean

/** The parts of a schema's definition that are looked at. */
interface Definition {
  readonly type: string
  readonly format?: string
  readonly checks?: readonly { readonly _zod: { readonly def: LimitDefinition } }[]
  readonly shape?: Readonly<Record<string, Schema>>
  readonly catchall?: Schema
  readonly innerType?: Schema
  readonly element?: Schema
  readonly entries?: Readonly<Record<string, string | number>>
  readonly values?: readonly unknown[]
  readonly options?: readonly Schema[]
}

interface LimitDefinition {
  readonly check: string
  readonly format?: string
  readonly pattern?: RegExp
  readonly minimum?: number
  readonly maximum?: number
  readonly value?: number
  readonly inclusive?: boolean
  readonly fn?: (value: unknown) => unknown
}

export function createQuickCheck(schema: Schema): QuickCheck {
  if (schema === jsonValueSchema) return isJsonValue
  if (schema === jsonObjectSchema) return isJsonObject
  const definition = schema._zod.def as Definition
  const checks = [checkOfType(definition)]
  for (const limit of definition.checks ?? []) checks.push(checkOfLimit(limit._zod.def))
  const known = checks.filter((check) => check !== null)
  return known.length === checks.length ? allOf(known) : (value) => schema.safeParse(value).success
}

function checkOfType(definition: Definition): QuickCheck | null {
  const { type, format, innerType, element, options, catchall, shape } = definition
  switch (type) {
    case 'string':
      return (value) => typeof value === 'string'
    case 'number':
      return format === 'safeint' ? Number.isSafeInteger : null
    case 'boolean':
      return (value) => typeof value === 'boolean'
    case 'enum':
      return oneOf(Object.values(definition.entries ?? {}))
    case 'literal':
      return oneOf(definition.values ?? [])
    case 'nullable':
      return innerType === undefined ? null : orElse(null, createQuickCheck(innerType))
    case 'optional':
      return innerType === undefined ? null : orElse(undefined, createQuickCheck(innerType))
    case 'array':
      return element === undefined ? null : arrayOf(createQuickCheck(element))
    case 'union':
      return options === undefined ? null : anyOf(options.map(createQuickCheck))
    case 'object':
      if (shape === undefined || (catchall !== undefined && catchall._zod.def.type !== 'never')) return null
      return objectOf(shape, { isStrict: catchall !== undefined })
    default:
      return null
  }
}

function checkOfLimit({ check, ...limit }: LimitDefinition): QuickCheck | null {
  const { minimum = 0, maximum = 0, value: bound = 0, pattern, fn } = limit
  switch (check) {
    case 'string_format':
      return limit.format === 'regex' && pattern !== undefined && !pattern.global && !pattern.sticky
        ? (value) => pattern.test(value as string)
        : null
    case 'min_length':
      return (value) => (value as { readonly length: number }).length >= minimum
    case 'max_length':
      return (value) => (value as { readonly length: number }).length <= maximum
    case 'greater_than':
      return limit.inclusive === true ? (value) => (value as number) >= bound : null
    case 'custom':
      return fn === undefined ? null : (value) => Boolean(fn(value))
    default:
      return null
  }
}

function allOf(checks: readonly QuickCheck[]): QuickCheck {
  const [first = no, second, ...others] = checks
  if (second === undefined) return first
  const rest = others.length === 0 ? second : allOf([second, ...others])
  return (value) => first(value) && rest(value)
}

function anyOf(checks: readonly QuickCheck[]): QuickCheck {
  return (value) => checks.some((check) => check(value))
}

function oneOf(values: readonly unknown[]): QuickCheck {
  return (value) => values.includes(value)
}

function orElse(nothing: null | undefined, check: QuickCheck): QuickCheck {
  return (value) => value === nothing || check(value)
}

function arrayOf(check: QuickCheck): QuickCheck {
  return (value) => {
    if (!Array.isArray(value)) return false
    for (const element of value) if (!check(element)) return false
    return true
  }
}

function objectOf(
  shape: Readonly<Record<string, Schema>>,
  { isStrict }: { readonly isStrict: boolean },
): QuickCheck {
  const fields = Object.entries(shape).map(([name, schema]) => ({ name, check: createQuickCheck(schema) }))
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    // Anything with a class or inherited fields is for the schema to judge.
    if (Object.getPrototypeOf(value) !== Object.prototype) return false
    const record = value as Readonly<Record<string, unknown>>
    let known = 0
    for (const { name, check } of fields) {
      const field = record[name]
      if (!check(field)) return false
      if (field !== undefined || name in record) known++
    }
    if (!isStrict) return true
    let present = 0
    for (const _name in record) present++
    return present === known
  }
}

function isJsonValue(value: unknown): boolean {
  return findJsonIssue(value) === null
}

function isJsonObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && findJsonIssue(value) === null
}

function no(): boolean {
  return false
}
