import { hash } from 'node:crypto'

/** What a case is, as far as a certificate is concerned. */
export interface ListedCase {
  readonly id: string
  readonly rules: readonly string[]
}

/**
 * The digest of a list of cases: SHA-256 over one line per case, `<id> <rule>,<rule>`, sorted bytewise, each line ended by
 * a newline. The order in which cases run does not matter; which cases there are and what they are evidence for does.
 */
export function digestCaseList(cases: readonly ListedCase[]): string {
  const lines = cases.map(({ id, rules }) => `${id} ${rules.join(',')}\n`).toSorted(bytewise)
  return `sha256:${hash('sha256', lines.join(''), 'hex')}`
}

function bytewise(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
