/** The entities of the domain vocabulary, as they are named in errors, audit targets and counts. */
export const ENTITY_KINDS = [
  'user',
  'account',
  'tenant-account',
  'external-identity',
  'application',
  'application-binding',
  'catalog',
  'profile-value',
  'membership',
  'audit-record',
  'outbox-event',
] as const

export type EntityKind = (typeof ENTITY_KINDS)[number]
