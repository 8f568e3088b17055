import { type Instant, UserEngineError } from '@user-engine/store-protocol'
import type { Row } from '../connection/statement.ts'

/** Lists columns for a SELECT, each under its alias. */
export function columns(alias: string, names: readonly string[]): string {
  return names.map((name) => `${alias}.${name}`).join(', ')
}

/** Reads a row column by column, in the order they were selected. */
export class RowReader {
  readonly #row: Row
  #next: number

  constructor(row: Row, from = 0) {
    this.#row = row
    this.#next = from
  }

  textOrNull(): string | null {
    return this.#row[this.#next++] ?? null
  }

  text(): string {
    const text = this.textOrNull()
    // A column that cannot be null was null: the schema is not the one this code was built for.
    if (text === null)
      throw new UserEngineError('INTERNAL', { reference: `column ${this.#next - 1} is null` })
    return text
  }

  /** Text from a column with a check constraint on the same tuple of words. */
  word<Word extends string>(): Word {
    return this.text() as Word
  }

  number(): number {
    return Number(this.text())
  }

  numberOrNull(): number | null {
    const text = this.textOrNull()
    return text === null ? null : Number(text)
  }

  /** JSON that was checked by the entity's schema when it was written. */
  json<Value>(): Value {
    return parseJson(this.text()) as Value
  }

  instantOrNull(): Instant | null {
    const text = this.textOrNull()
    return text === null ? null : parseTimestamp(text)
  }

  instant(): Instant {
    return parseTimestamp(this.text())
  }
}

// A string in which nothing is escaped stands between its quotes as it is, and most values are such strings.
function parseJson(text: string): unknown {
  return text.startsWith('"') && !text.includes('\\') ? text.slice(1, -1) : JSON.parse(text)
}

/** Turns a timestamptz in ISO style, as a session in UTC prints it, into an instant with milliseconds [VAL-04]. */
export function parseTimestamp(text: string): Instant {
  // 2026-01-31 09:30:00+00, with a fraction of up to six digits. Taken apart by place: a page has a hundred of them.
  const end = text.length - 3
  if (text[10] !== ' ' || (text[19] !== '.' && end !== 19) || !text.endsWith('+00'))
    throw new UserEngineError('INTERNAL', { reference: 'timestamp of a session that is not in UTC' })
  const milliseconds = text.slice(20, Math.min(end, 23)).padEnd(3, '0')
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`
}
