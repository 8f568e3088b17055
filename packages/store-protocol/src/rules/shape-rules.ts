import type { Rule } from './rule.ts'

/** Shape: the rules of section SHP. */
export const SHAPE_RULES = [
  {
    id: 'SHP-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Everything happens in a scope that is passed as an argument: `{ tenantId }`, or the platform with a stated reason. There is no ambient and no default tenant.',
    reason: 'A forgotten tenant must be impossible to write, not merely forbidden.',
  },
  {
    id: 'SHP-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A unit of work that does not decide between its steps may be handed over whole: writes that are not awaited, and a callback that returns without awaiting, have the same effect as awaited ones.',
    reason: 'A durable store can then commit it in one round trip.',
  },
  {
    id: 'SHP-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'There are no optional methods. What a store cannot do its manifest says, and the call is refused with `NOT_SUPPORTED`.',
    reason: 'A missing method is found by its first user in production; a manifest is read before.',
  },
  {
    id: 'SHP-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`protocolVersion` and the complete `capabilities` manifest are data on the store, deeply frozen, and equal for every instance on one backend.',
    reason: 'The kit and the operator decide from the manifest; it may not change under them.',
  },
  {
    id: 'SHP-05',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Errors are one family with a stable `code`, `retryable`, typed data and a remedy, recognised by brand.',
    reason:
      'Callers branch on codes; message texts and class identities do not survive releases and duplicate packages.',
  },
  {
    id: 'SHP-06',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Records are readonly JSON-safe values; what a store returns never aliases what it keeps, nor what it was given.',
    reason: 'A caller that changes its copy must not change the store.',
  },
] as const satisfies readonly Rule[]
