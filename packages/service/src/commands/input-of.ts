import type { JsonValue } from '@user-engine/store-protocol'
import type * as z from 'zod'

/** What a caller may pass for a schema: nothing of it is changed, so that readonly values and arrays do as well. */
export type InputOf<Schema extends z.ZodType> = DeepReadonly<z.input<Schema>>

// Any JSON is readonly already, and unfolding its recursion would only make hints unreadable.
type DeepReadonly<Value> = JsonValue extends Value
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
      : Value
