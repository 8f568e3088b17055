import { CAPABILITY_CASES, CASES } from '@user-engine/store-conformance-kit'
import { RULE_SECTIONS, RULES, type Rule, sectionTitle } from '@user-engine/store-protocol'

const BINDS: { readonly [Applicability in Rule['appliesTo']]: string } = {
  'every-store': 'every store',
  durable: 'durable stores',
  shared: 'shared backends',
  migrated: 'migrated schemas',
  'every-capability': 'every capability',
  'postgres-capability': 'a capability in operation',
}

/** Every rule of the contract, a table per section: id, level, whom it binds, text, reason, and what proves it. */
export function renderRuleTable(): string {
  return RULE_SECTIONS.map((section) => {
    const rows = RULES.filter(({ id }) => id.startsWith(`${section}-`)).map(renderRow)
    return [
      `### ${section}: ${sectionTitle(section)}`,
      '',
      '| rule | level | binds | what must be true | why | proved by |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n')
  }).join('\n\n')
}

function renderRow({ id, level, appliesTo, text, reason, untested }: Rule): string {
  const cases = [...CASES, ...CAPABILITY_CASES].filter(({ rules }) => rules.includes(id))
  const proof =
    cases.length > 0 ? cases.map((known) => `\`${known.id}\``).join(' ') : `no case: ${untested ?? 'missing'}`
  return `| ${[id, level, BINDS[appliesTo], text, reason, proof].map(escapeCell).join(' | ')} |`
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
