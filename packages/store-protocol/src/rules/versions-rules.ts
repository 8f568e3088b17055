import type { Rule } from './rule.ts'

/** Versions: the rules of section VER. */
export const VERSIONS_RULES = [
  {
    id: 'VER-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Every mutable entity has a `version` that starts at 1 and grows by one with every committed change.',
    reason: 'The version is what a caller decided on.',
  },
  {
    id: 'VER-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Every update and delete names the expected version. A mismatch is `VERSION_CONFLICT` with the current version, and distinct from `NOT_FOUND`.',
    reason: 'A caller must know whether to decide again or to give up.',
  },
  {
    id: 'VER-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Of N concurrent updates with the same expected version exactly one succeeds.',
    reason: 'This is what excludes lost updates at every isolation level.',
  },
] as const satisfies readonly Rule[]
