import type { Rule } from './rule.ts'

/** Tenant boundary: the rules of section TEN. */
export const TENANT_BOUNDARY_RULES = [
  {
    id: 'TEN-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: "In a tenant scope another tenant's rows do not exist: reads miss, lists omit, updates and deletes are `NOT_FOUND`, writes that name another tenant are `TENANT_BOUNDARY`. The same holds for audit, outbox and counts.",
    reason: 'One tenant must not learn that another exists.',
  },
  {
    id: 'TEN-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A tenant scope sees only those users and accounts that have a tenant account in it.',
    reason: "Users and accounts belong to the platform; who is in a tenant is that tenant's business.",
  },
  {
    id: 'TEN-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The same natural keys, and the same ids of tenant records, live side by side in two tenants.',
    reason: 'A key taken in one tenant must not be refused in another.',
  },
  {
    id: 'TEN-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: "The boundary holds for every method and every id argument. The matrix of cases is generated from the protocol, so that a new method without a case fails the kit's own build.",
    reason: 'Boundaries leak at the one method nobody thought of.',
  },
  {
    id: 'TEN-05',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A missing, empty or malformed tenant is an error before anything is sent, and zero rows if it ever gets through.',
    reason: 'The most common leak is a tenant id that was undefined.',
  },
  {
    id: 'TEN-06',
    level: 'MUST',
    appliesTo: 'every-store',
    text: "Where the manifest says `engine-and-store`, the engine enforces the boundary as well as the store's predicates: each holds without the other.",
    reason: 'One forgotten predicate must not be a leak.',
  },
] as const satisfies readonly Rule[]
