import { RULES, type Rule } from '@user-engine/store-protocol'
import { BROKEN_STORES, UNPROVED } from './broken-stores.ts'
import { ODD_STORES } from './odd-stores.ts'
import { BROKEN_ENGINES } from './postgres/broken-engines.ts'
import type { ExpectedKills } from './run-proof.ts'

const SHOWN_CASES = 4

/** The kill matrix as a document: per rule its broken stores, and the cases that catch them. */
export function renderKillMatrix(expected: ExpectedKills): string {
  const rows = RULES.filter(isAboutStores).flatMap(({ id }) => {
    const stores = [...BROKEN_STORES, ...BROKEN_ENGINES].filter(({ breaks }) => breaks === id)
    if (stores.length === 0) return [`| ${id} | – | ${UNPROVED[id] ?? 'nothing'} | |`]
    return stores.map(
      (store) => `| ${id} | \`${store.id}\` | ${store.title} | ${showCases(expected[store.id] ?? [], id)} |`,
    )
  })
  return [
    '# What the conformance kit catches',
    '',
    'Each row is a store with one thing broken, and the cases that fail for it, those of the rule first: the reference store in memory, on which every',
    'case is run, or the store on Postgres, on which those of the rule’s section are run that take an engine, other processes, a network or a schema. The',
    'proof fails when one survives, and when another case fails than those on record (`npx --yes pnpm@12 proof`). This page is generated from that record.',
    '',
    `${BROKEN_STORES.length + BROKEN_ENGINES.length} broken stores, ${BROKEN_ENGINES.length} of them on Postgres, all caught; ${ODD_STORES.length} odd but legal stores, all passed.`,
    '',
    '| rule | broken store | what it does | caught by |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '## Odd but legal',
    '',
    'These do something unusual and break no rule; every case passes.',
    '',
    ...ODD_STORES.map(({ id, title }) => `- \`${id}\`: ${title}.`),
    '',
  ].join('\n')
}

// What is handed over to a store has a matrix of its own.
function isAboutStores({ id, untested }: Rule): boolean {
  return untested === undefined && !id.startsWith('CAP-')
}

function showCases(cases: readonly string[], rule: string): string {
  if (cases[0] === 'preflight') return 'the preflight: no case is run on it'
  const ofRule = cases.filter((id) => id.startsWith(rule))
  const shown = [...ofRule, ...cases.filter((id) => !ofRule.includes(id))].slice(0, SHOWN_CASES)
  const more = cases.length - shown.length
  return `${shown.map((id) => `\`${id}\``).join(' ')}${more > 0 ? ` and ${more} more` : ''}`
}
