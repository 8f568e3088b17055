/** The same fields, where `undefined` is not a value but an absent field [VAL-03]. */
export type Defined<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], undefined> }

/** Leaves out the fields that are `undefined`: callers pass them, the store contract has no meaning for them. */
export function omitUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>
}
