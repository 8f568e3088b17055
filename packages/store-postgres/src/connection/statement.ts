import { hash } from 'node:crypto'

/** A parameter as it travels: text, or SQL null. */
export type Parameter = string | null

/** A row as it arrives: one text per column, `null` for SQL null. */
export type Row = readonly (string | null)[]

/** One SQL statement with numbered parameters, prepared once per connection under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** A statement with its parameters; one in the binary form of its type travels as such. */
export interface StatementCall {
  readonly statement: Statement
  readonly values: (Parameter | Buffer)[]
}

/** What one statement of a batch answered. */
export interface StatementResult {
  readonly rows: readonly Row[]
  /** The command tag, for example `UPDATE 1`. */
  readonly tag: string
}

/** Names a statement after its text, so that the same text is the same statement on every connection. */
export function defineStatement(text: string): Statement {
  const compact = text.replace(/\s+/g, ' ').trim()
  return { name: `ue_${hash('sha256', compact, 'hex').slice(0, 24)}`, text: compact }
}
