import { UserEngineError } from '@user-engine/store-protocol'

/** A schema name as it stands in SQL text: checked, so that it needs no quoting. */
export type SchemaName = string & { readonly __brand: 'SchemaName' }

/** @throws UserEngineError `VALIDATION` for a name that is not a plain lower-case identifier of at most 63 characters. */
export function parseSchemaName(name: string): SchemaName {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw new UserEngineError('VALIDATION', {
      issues: [
        { path: 'schema', expected: 'a lower-case identifier of at most 63 letters, digits and underscores' },
      ],
    })
  }
  return name as SchemaName
}
