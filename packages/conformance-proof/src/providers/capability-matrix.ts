import { CAPABILITY_CASES } from '@user-engine/store-conformance-kit'
import { RULES } from '@user-engine/store-protocol'
import { BROKEN_PROVIDERS } from './broken-providers.ts'
import { GOOD_PROVIDERS } from './good-providers.ts'
import type { ProviderRecord, ProviderRecords } from './provider-proof.ts'

const SHOWN_CASES = 4

/** What the kit catches of providers, as a document: per rule the broken ones, the cases that fail, and what the store says. */
export function renderCapabilityMatrix(records: ProviderRecords): string {
  const rows = RULES.filter(({ id }) => id.startsWith('CAP-')).flatMap(({ id }) =>
    BROKEN_PROVIDERS.filter(({ breaks }) => breaks === id).map((provider) => {
      const record = records[provider.id]
      const cells = [id, `\`${provider.id}\``, provider.title, showFailed(record, id), showFindings(record)]
      return `| ${cells.join(' | ')} |`
    }),
  )
  return [
    '# What the conformance kit catches of a provider',
    '',
    'Each row is a provider that hands over a database on a real server (behind a real PgBouncer where it says so) and does one thing wrong; the cases of the',
    'kit that fail for it, those of the rule first; and what the store itself finds on it, by `readiness()` and `doctor`. What is marked with a dagger cannot be judged any more',
    'because of that one thing, and is not held against the provider. The proof fails when a provider survives, and when anything else is found than is on record',
    '(`npx --yes pnpm@12 proof`). This page is generated from that record; what each case said is in [broken-providers.txt](conformance/broken-providers.txt).',
    '',
    `${BROKEN_PROVIDERS.length} broken providers, all caught; ${GOOD_PROVIDERS.length} good ones, all conformant; ${CAPABILITY_CASES.length} cases.`,
    '',
    '| rule | broken provider | what it does | caught by | what the store finds |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Good providers',
    '',
    'These hand over what they should, in ways that differ; every case passes, or is skipped for what they say of themselves.',
    '',
    ...GOOD_PROVIDERS.map(({ id, title }) => `- \`${id}\`: ${title}.`),
    '',
    'The reports of the first two: [directly](conformance/provider-local.txt), [through a pooler](conformance/provider-local-through-pgbouncer.txt).',
    '',
  ].join('\n')
}

function showFailed(record: ProviderRecord | undefined, rule: string): string {
  if (record === undefined) return 'not judged'
  const { failed, invalid } = record
  if (failed[0] === 'preflight') return 'the preflight: there is nothing to judge'
  const ofRule = failed.filter((id) => id.startsWith(rule))
  const ordered = [...ofRule, ...failed.filter((id) => !ofRule.includes(id))]
  const shown = ordered.slice(0, SHOWN_CASES).map((id) => `\`${id}\``)
  const more = failed.length - shown.length
  const unjudged = invalid.length === 0 ? '' : `; ${invalid.length} †`
  return `${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}${unjudged}`
}

function showFindings(record: ProviderRecord | undefined): string {
  const findings = record?.findings ?? []
  return findings.length === 0 ? '–' : findings.map((code) => `\`${code}\``).join(' ')
}
