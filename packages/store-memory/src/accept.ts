import {
  compiledSchema,
  type EntityKind,
  formatIssues,
  idSchema,
  type JsonValue,
  keySchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'

/**
 * Checks an input, and returns a copy of it: only what may be any JSON value is still the caller's [SHP-06].
 * @throws UserEngineError `VALIDATION`.
 */
export type Accept<Value> = (input: unknown) => Value

type Schema = Parameters<typeof validate>[0]
type Output<Given extends Schema> = ReturnType<typeof validate<Given>>

/** Makes the check of a schema. */
export function createAccept<Given extends Schema>(schema: Given): Accept<Output<Given>> {
  return (input) => validate(schema, input)
}

/** Makes the check of records that are about to be added: their schema, and that their version is 1 [VER-01]. */
export function createAcceptNew<Given extends Schema>(schema: Given): Accept<Output<Given>> {
  return (input) => {
    const record = validate(schema, input)
    if ((record as { readonly version?: unknown }).version !== 1) throw invalid('version', '1')
    return record
  }
}

/**
 * Makes the check of one argument of a read. What cannot exist is refused, as a store behind a network would [VAL-02].
 * The path names the argument within its request; it is empty for one that stands alone.
 */
export function createAcceptArgument<Given extends Schema>(
  schema: Given,
): (value: unknown, path?: string) => Output<Given> {
  return (value, path = '') => {
    const parsed = compiledSchema(schema).safeParse(value)
    if (parsed.success) return parsed.data as Output<Given>
    const issues = formatIssues(parsed.error).map((issue) => ({ ...issue, path: joinPath(path, issue.path) }))
    throw new UserEngineError('VALIDATION', { issues })
  }
}

export const acceptId = createAcceptArgument(idSchema)
export const acceptKey = createAcceptArgument(keySchema)

/** The path of something within something else. */
export function joinPath(outer: string, inner: string): string {
  const separator = outer === '' || inner === '' || inner.startsWith('[') ? '' : '.'
  return `${outer}${separator}${inner}`
}

/** @throws UserEngineError `VALIDATION` for a request that is no object. */
export function acceptRequest<Request>(request: Request): Request {
  if (typeof request !== 'object' || request === null) throw invalid('', 'a value of type object')
  return request
}

/** @throws UserEngineError `VALIDATION` for a value that is given and is none of `allowed`. */
export function acceptChoice(path: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !allowed.includes(value as string)) {
    throw invalid(path, `one of ${allowed.join(', ')}`)
  }
}

export function invalid(path: string, expected: string): UserEngineError<'VALIDATION'> {
  return new UserEngineError('VALIDATION', { issues: [{ path, expected }] })
}

/** A change or a removal, and the record it is about. */
export interface Versioned<Item> {
  readonly entity: EntityKind
  /** `null` when the scope sees no such record. */
  readonly current: Item | null
  readonly change: { readonly id: string; readonly expectedVersion: number }
}

/**
 * The record a change is about.
 * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` with the current version [VER-02].
 */
export function requireVersion<Item extends { readonly version: number }>({
  entity,
  current,
  change,
}: Versioned<Item>): Item {
  const { id, expectedVersion } = change
  if (current === null) throw new UserEngineError('NOT_FOUND', { entity, id })
  if (current.version !== expectedVersion) {
    const currentVersion = current.version
    throw new UserEngineError('VERSION_CONFLICT', { entity, id, expectedVersion, currentVersion })
  }
  return current
}

/** @throws UserEngineError `NOT_FOUND` naming what a record refers to, when the scope does not see it. */
export function requireReference(isThere: boolean, entity: EntityKind, id: string): void {
  if (!isThere) throw new UserEngineError('NOT_FOUND', { entity, id })
}

/** The next version of a record. A field that is `undefined` in `set` is absent: it stays as it is [VAL-03]. */
export function nextVersion<Item extends { readonly version: number; readonly updatedAt: string }>(
  current: Item,
  change: {
    readonly set: { readonly [Field in keyof Item]?: Item[Field] | undefined }
    readonly updatedAt: string
  },
): Item {
  const next = { ...current, version: current.version + 1, updatedAt: change.updatedAt }
  for (const field in change.set) {
    const value = change.set[field]
    if (value !== undefined) next[field] = value
  }
  return Object.freeze(next)
}

/** A frozen copy of a JSON value, with -0 as 0 [VAL-01, SHP-06]. */
export function keepJson<Value extends JsonValue>(value: Value): Value
export function keepJson(value: JsonValue): JsonValue {
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value !== 'object' || value === null) return value
  if (isArray(value)) return Object.freeze(value.map(keepAny))
  // Copied at once, a copy has room for what it holds, where one that is filled by and by keeps growing.
  const copy: Record<string, JsonValue> = { ...value }
  for (const key in copy) {
    const member = copy[key] as JsonValue
    const kept = keepAny(member)
    if (!Object.is(kept, member)) copy[key] = kept
  }
  return Object.freeze(copy)
}

function keepAny(value: JsonValue): JsonValue {
  return keepJson(value)
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
