import type { Rule } from './rule.ts'

/** Values: the rules of section VAL. */
export const VALUES_RULES = [
  {
    id: 'VAL-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'What is written is read back equal: JSON with nested null, empty object and array, -0 as 0, numbers to 2^53-1, 64 KiB strings, every Unicode scalar value, emoji, NFC and NFD apart, right-to-left text, LIKE and regex metacharacters.',
    reason: 'A store that changes a value silently corrupts it.',
  },
  {
    id: 'VAL-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'What cannot be kept is refused with `VALIDATION` before anything is sent: U+0000, lone surrogates, NaN, Infinity, undefined inside JSON, a Date, cycles, over-long ids, a value over 256 KiB, depth over 32. The error names the path, never the value.',
    reason: 'A late refusal costs a transaction; an error with the value in it leaks it.',
  },
  {
    id: 'VAL-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Absent, null and default are three different things.',
    reason: '"Not set", "set to nothing" and "as everybody" lead to different decisions.',
  },
  {
    id: 'VAL-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Instants keep milliseconds from year 1 to 9999; the time zone of the process changes nothing.',
    reason: 'Time zones of servers and processes differ.',
  },
] as const satisfies readonly Rule[]
