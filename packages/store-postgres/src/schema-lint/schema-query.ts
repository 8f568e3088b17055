import type { ReadinessCheck } from '@user-engine/store-protocol'
import type { SchemaName } from '../sql/schema-name.ts'

/** Runs one statement and gives its rows as objects; the rules below need nothing else of a connection. */
export type SchemaQuery = <Row extends object>(
  text: string,
  values: readonly unknown[],
) => Promise<readonly Row[]>

export interface SchemaLintInput {
  readonly query: SchemaQuery
  readonly schema: SchemaName
}

/** One rule over the live catalog of the database: what it found, or nothing. */
export type SchemaRule = (input: SchemaLintInput) => Promise<readonly SchemaFinding[]>

/** What a rule found. The objects are names of the schema, never data. */
export interface SchemaFinding {
  readonly code: string
  readonly status: Exclude<ReadinessCheck['status'], 'pass'>
  /** The object it is about: a table, or a name within it. */
  readonly object: string
  readonly summary: string
  readonly remedy: string
}
