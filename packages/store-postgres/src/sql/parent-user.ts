import type { SchemaName } from './schema-name.ts'
import { seesUser } from './visibility.ts'

/** The user that a new record belongs to, and that its scope must see. */
export function parentUser(schema: SchemaName) {
  return {
    entity: 'user',
    from: 'users u',
    where: { id: 'user_id' },
    named: 'user_id',
    seenBy: (tenant: string) => seesUser(schema, 'u', tenant),
  }
}
