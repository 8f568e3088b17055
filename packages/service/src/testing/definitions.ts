import type { AttributeDefinition } from '@user-engine/store-protocol'

/** A definition that allows everything, but for what a test says. */
export function defineAttribute(
  definition: Partial<AttributeDefinition> & Pick<AttributeDefinition, 'key'>,
): AttributeDefinition {
  return {
    type: 'string',
    description: null,
    constraints: {},
    required: false,
    classification: 'internal',
    viewers: ['self', 'application', 'tenant-administrator', 'platform'],
    editors: ['self', 'application', 'tenant-administrator', 'platform'],
    levels: ['global', 'tenant', 'application'],
    ...definition,
  }
}
