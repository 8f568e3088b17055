import type { EntityKind } from './entity-kind.ts'

/** How many records of each kind the scope sees [QRY-03]. Kinds that the scope never sees count 0. */
export type RecordCounts = { readonly [Kind in EntityKind]: number }
