import type { Rule } from './rule.ts'

/** Diagnostics: the rules of section DIA. */
export const DIAGNOSTICS_RULES = [
  {
    id: 'DIA-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`diagnostics()` is JSON-safe and helps: versions, schema, pool, lag, last errors by code, facts about the backend.',
    reason: 'It is what a bug report consists of.',
  },
  {
    id: 'DIA-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'No connection string, password, token, profile value, subject or e-mail is in any error, log line, diagnostic or report.',
    reason: 'Logs are read by more people than the data.',
  },
] as const satisfies readonly Rule[]
