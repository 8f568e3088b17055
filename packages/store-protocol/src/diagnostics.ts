import type { ErrorCode } from './errors/error-codes.ts'
import type { OutboxStats } from './outbox/outbox-port.ts'
import type { SchemaVersion } from './readiness.ts'
import type { JsonObject } from './values/json-value.ts'

/** A picture of a store for operators: JSON-safe, and without anything secret or personal [DIA-01, DIA-02]. */
export interface Diagnostics {
  readonly protocolVersion: number
  readonly store: { readonly name: string; readonly version: string }
  readonly schema: SchemaVersion | null
  /** How many connections or slots there are and how they are used; `null` for a store that has none. */
  readonly pool: {
    readonly max: number
    readonly open: number
    readonly busy: number
    readonly waiting: number
  } | null
  /** `null` when it could not be read. */
  readonly outbox: OutboxStats | null
  /** The most recent errors by code since the store was opened. */
  readonly errors: readonly { readonly code: ErrorCode; readonly count: number; readonly lastAt: string }[]
  /** Facts of this kind of store, for example the server version and the roles' powers. */
  readonly facts: JsonObject
}
