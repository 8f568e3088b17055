import { ISOLATION_LEVELS } from '@user-engine/store-protocol'

/** What is wrong with a manifest, path by path; empty when it is complete. */
export function findManifestIssues(capabilities: unknown): readonly string[] {
  return check(capabilities, MANIFEST, 'capabilities')
}

type Shape = ((value: unknown) => boolean) | { readonly [key: string]: Shape }

const text = (value: unknown) => typeof value === 'string' && value.length > 0
const flag = (value: unknown) => typeof value === 'boolean'
const count = (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'string' && words.includes(value)

const MANIFEST: Shape = {
  store: { name: text, version: text },
  transactions: {
    isolation: oneOf(...ISOLATION_LEVELS),
    readIsolation: oneOf('snapshot', 'serializable'),
    maxNesting: (value) => count(value) && Number(value) >= 8,
    deadlines: oneOf('client', 'client-and-server'),
    defaultTimeoutMs: count,
    maxTimeoutMs: count,
  },
  idempotency: { retentionMs: (value) => value === null || count(value) },
  durability: { durable: flag, shared: flag, multiProcess: flag },
  tenancy: { enforcement: oneOf('store', 'engine-and-store') },
  audit: { appendOnly: oneOf('store', 'engine') },
  outbox: { maxAttempts: count, maxBatch: count, maxLeaseMs: count },
  schema: { migrated: flag },
}

function check(value: unknown, shape: Shape, path: string): readonly string[] {
  if (typeof shape === 'function') return shape(value) ? [] : [`${path} is missing or has no allowed value`]
  if (typeof value !== 'object' || value === null) return [`${path} is no object`]
  const members = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(members)
    .filter((key) => !(key in shape))
    .map((key) => `${path}.${key} is not part of this protocol version`)
  return [
    ...unknown,
    ...Object.entries(shape).flatMap(([key, inner]) => check(members[key], inner, `${path}.${key}`)),
  ]
}

/** The first path at which a value can still be changed, or `null` when it is deeply frozen. */
export function findUnfrozen(value: unknown, path = 'capabilities'): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (!Object.isFrozen(value)) return path
  for (const [key, member] of Object.entries(value)) {
    const found = findUnfrozen(member, `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}
