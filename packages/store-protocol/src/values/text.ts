import * as z from 'zod'

/**
 * Text that every store can keep and give back equal: Unicode scalar values only, no U+0000 [VAL-01, VAL-02].
 * Nothing is trimmed or normalised: two texts that differ in a single code unit are different [IDN-04].
 */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

/** A schema for storable text of `min` to `max` code points. */
export function textSchema(limits: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .min(limits.min)
    .max(limits.max)
    .refine(isStorableText, { error: 'text without U+0000 and without lone surrogates' })
}
