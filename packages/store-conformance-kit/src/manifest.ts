import { formatIssues, ISOLATION_LEVELS, type StoreCapabilities } from '@user-engine/store-protocol'
import * as z from 'zod'

const positive = z.int().min(1)
const text = z.string().min(1)

/** The form of a manifest. */
// Written as the type itself, so that a capability that is added to the protocol and not here does not compile.
export const manifestSchema: z.ZodType<StoreCapabilities> = z.strictObject({
  store: z.strictObject({ name: text, version: text }),
  transactions: z.strictObject({
    isolation: z.enum(ISOLATION_LEVELS),
    readIsolation: z.enum(['snapshot', 'serializable']),
    maxNesting: z.int().min(8),
    deadlines: z.enum(['client', 'client-and-server']),
    defaultTimeoutMs: positive,
    maxTimeoutMs: positive,
  }),
  idempotency: z.strictObject({ retentionMs: positive.nullable() }),
  durability: z.strictObject({ durable: z.boolean(), shared: z.boolean(), multiProcess: z.boolean() }),
  tenancy: z.strictObject({ enforcement: z.enum(['store', 'engine-and-store']) }),
  audit: z.strictObject({ appendOnly: z.enum(['store', 'engine']) }),
  outbox: z.strictObject({ maxAttempts: positive, maxBatch: positive, maxLeaseMs: positive }),
  schema: z.strictObject({ migrated: z.boolean() }),
})

/** What is wrong with a manifest, path by path; empty when it is complete. */
export function findManifestIssues(capabilities: unknown): readonly string[] {
  const parsed = manifestSchema.safeParse(capabilities)
  if (!parsed.success)
    return formatIssues(parsed.error).map(({ path, expected }) => `${pathOf(path)}: expected ${expected}`)
  const { transactions, durability } = parsed.data
  return [
    ...(transactions.defaultTimeoutMs > transactions.maxTimeoutMs
      ? ['capabilities.transactions.defaultTimeoutMs is over maxTimeoutMs']
      : []),
    ...(durability.multiProcess && !durability.shared
      ? ['capabilities.durability.multiProcess needs durability.shared']
      : []),
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

function pathOf(path: string): string {
  return path === '' ? 'capabilities' : `capabilities.${path}`
}
