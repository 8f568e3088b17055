import * as z from 'zod'

const INSTANT =
  /^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** The instant that was checked last: a command writes the same text into all that it writes. */
let lastInstant: string | null = null

function isInstant(text: string): boolean {
  if (text === lastInstant) return true
  if (!INSTANT.test(text)) return false
  const day = Number(text.slice(8, 10))
  if (day > 28 && day > daysInMonth(Number(text.slice(0, 4)), Number(text.slice(5, 7)))) return false
  lastInstant = text
  return true
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/**
 * An instant as ISO-8601 text in UTC with milliseconds, from `0001-01-01T00:00:00.000Z` to
 * `9999-12-31T23:59:59.999Z`. One spelling per instant: text order is time order [VAL-04].
 */
export const instantSchema = z
  .string()
  .refine(isInstant, { error: 'an instant such as 2026-01-31T09:30:00.000Z, from year 0001 to 9999' })

export type Instant = z.infer<typeof instantSchema>
