import type { AttributeDefinition } from '@user-engine/store-protocol'
import { omitUndefined } from '../commands/omit-undefined.ts'

/** The same definitions, where a field that is `undefined` is an absent one: only that can be stored [VAL-02, VAL-03]. */
export function plainDefinitions(definitions: readonly AttributeDefinition[]): AttributeDefinition[] {
  return definitions.map((definition) => ({
    ...omitUndefined(definition),
    constraints: omitUndefined(definition.constraints),
  }))
}
