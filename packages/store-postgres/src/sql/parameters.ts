import type { JsonValue } from '@user-engine/store-protocol'
import type { Parameter } from '../connection/statement.ts'

/** A JSON parameter. JSON text has no -0: it becomes 0 here [VAL-01]. */
export function jsonParameter(value: JsonValue): string {
  return JSON.stringify(value)
}

/** A flag and a value for a nullable field of a change: absent stays, `null` is set [VAL-03]. */
export function changeParameters(
  change: object,
  field: string,
  value: string | null | undefined,
): [Parameter, Parameter] {
  return field in change && value !== undefined ? ['t', value] : ['f', null]
}

/** A uuid[] parameter; ids are validated before and need no quoting. */
export function idArrayParameter(ids: readonly string[]): string {
  return `{${ids.join(',')}}`
}

/** Smaller than every id: where the first page by id starts. */
export const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000'
