import type { Rule } from './rule.ts'

/** Identities and uniqueness: the rules of section IDN. */
export const IDENTITIES_RULES = [
  {
    id: 'IDN-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '(issuer, subject) is unique across the platform, compared exactly. Of N concurrent links of one identity exactly one wins; the others get `DUPLICATE_IDENTITY` and leave no trace.',
    reason: 'Two users who share a sign-in are an account takeover.',
  },
  {
    id: 'IDN-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The refusal of a duplicate identity tells a tenant-scoped caller nothing about whose it is.',
    reason: 'Otherwise linking is an oracle for who uses the platform.',
  },
  {
    id: 'IDN-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Every other uniqueness of the vocabulary holds the same way, also under concurrency: ids, (tenantId, accountId), application key, (tenantId, applicationId), (application, key, version) of a catalog, (userId, scope, attribute key), (tenantAccountId, group, role).',
    reason: 'A check before an insert is not a constraint.',
  },
  {
    id: 'IDN-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Texts that differ only in case, accents, trailing spaces or normal form are different.',
    reason: 'Collations of databases disagree; bytes do not.',
  },
] as const satisfies readonly Rule[]
