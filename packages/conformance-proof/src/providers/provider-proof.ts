import { CAPABILITY_CASES, type CaseFacts, type ConformanceReport } from '@user-engine/store-conformance-kit'
import pLimit from 'p-limit'
import { BROKEN_PROVIDERS } from './broken-providers.ts'
import { GOOD_PROVIDERS } from './good-providers.ts'
import { createProofServers } from './proof-servers.ts'
import type { BrokenProvider, ProviderUnderProof } from './provider-under-proof.ts'
import { type ProviderJudgement, runProvider } from './run-provider.ts'

/** What is on record about a broken provider. */
export interface ProviderRecord {
  /** The cases that catch it; `preflight` when there is nothing to judge. */
  readonly failed: readonly string[]
  /** The cases that cannot be judged because of it. */
  readonly invalid: readonly string[]
  /** What the store itself finds: readiness and `doctor`. */
  readonly findings: readonly string[]
}

export type ProviderRecords = Readonly<Record<string, ProviderRecord>>

export interface ProviderProof {
  readonly records: ProviderRecords
  /** The reports of the providers that hand over what they should, by id. */
  readonly reports: ReadonlyMap<string, ConformanceReport>
  /** What is wrong, as sentences. */
  readonly troubles: readonly string[]
  /** The whole proof in one line. */
  readonly line: string
}

interface ProviderProofOptions {
  readonly expected: ProviderRecords
  /** Told of every provider once it has been judged. */
  readonly onJudged?: (id: string, judgement: ProviderJudgement, done: number, total: number) => void
}

/** They wait for leases, locks and poolers more than they compute. */
const AT_ONCE = 4

/** What takes the database away or a second one: run where that is what is broken, and where nothing is. */
const COSTLY_RULES = ['CAP-06', 'CAP-08']

/** Judges every provider, on real servers, and compares what came of it with what is on record. */
export async function proveProviders({
  expected,
  onJudged = () => {},
}: ProviderProofOptions): Promise<ProviderProof> {
  const all: readonly ProviderUnderProof[] = [...GOOD_PROVIDERS, ...BROKEN_PROVIDERS]
  const judgements = new Map<string, ProviderJudgement>()
  const servers = createProofServers()
  try {
    await pLimit(AT_ONCE).map(all, async (one) => {
      const server = await servers.get(one.server ?? 'tls')
      const judgement = await runProvider(one, server, casesFor(one))
      judgements.set(one.id, judgement)
      onJudged(one.id, judgement, judgements.size, all.length)
    })
  } finally {
    await servers.stop()
  }
  const judgementOf = ({ id }: ProviderUnderProof): ProviderJudgement => {
    const judgement = judgements.get(id)
    if (judgement === undefined) throw new Error(`${id} was not judged`)
    return judgement
  }
  const records = Object.fromEntries(BROKEN_PROVIDERS.map((one) => [one.id, recordOf(judgementOf(one))]))
  const broken = BROKEN_PROVIDERS.flatMap((one) => judgeBroken(one, records[one.id], expected[one.id]))
  const good = GOOD_PROVIDERS.flatMap((one) => judgeGood(one, judgementOf(one)))
  const caught = Object.values(records).filter(({ failed }) => failed.length > 0).length
  return {
    records,
    reports: new Map(GOOD_PROVIDERS.map((one) => [one.id, judgementOf(one).report])),
    troubles: [...broken, ...good],
    line: `broken providers ${BROKEN_PROVIDERS.length}, caught ${caught}, not as on record ${broken.length}; good providers ${GOOD_PROVIDERS.length}, with troubles ${good.length}`,
  }
}

function casesFor(one: ProviderUnderProof): (conformanceCase: CaseFacts) => boolean {
  const breaks = BROKEN_PROVIDERS.find(({ id }) => id === one.id)?.breaks
  return ({ rules: [first], needs = [] }) =>
    breaks === undefined || first === breaks || needs.length === 0 || !COSTLY_RULES.includes(first)
}

function recordOf({ report, findings }: ProviderJudgement): ProviderRecord {
  if (report.cases.length === 0) return { failed: ['preflight'], invalid: [], findings }
  const having = (status: 'failed' | 'invalid') =>
    report.cases.filter((result) => result.status === status).map(({ id }) => id)
  return { failed: having('failed'), invalid: having('invalid'), findings }
}

/** What is wrong with the outcome of a broken provider, as sentences. */
export function judgeBroken(
  { id, breaks, decidedByTiming = [] }: Pick<BrokenProvider, 'id' | 'breaks' | 'decidedByTiming'>,
  found: ProviderRecord | undefined,
  expected: ProviderRecord | undefined,
): readonly string[] {
  if (found === undefined) return [`${id} was not judged.`]
  const troubles: string[] = []
  const isEvidence = (failed: string) =>
    failed === 'preflight' ||
    CAPABILITY_CASES.some(({ id: known, rules }) => known === failed && rules.includes(breaks))
  if (found.failed.length === 0) troubles.push(`${id} survived: no case failed.`)
  else if (!found.failed.some(isEvidence))
    troubles.push(`${id} breaks ${breaks}, and no case that failed is evidence for that.`)
  if (expected === undefined) return [...troubles, `${id} is not on record: run the proof with --update.`]
  for (const kind of ['failed', 'invalid', 'findings'] as const) {
    const isExact = (one: string) => !decidedByTiming.includes(one)
    const more = found[kind].filter((one) => isExact(one) && !expected[kind].includes(one))
    const less = expected[kind].filter((one) => isExact(one) && !found[kind].includes(one))
    if (more.length > 0) troubles.push(`${id}: not on record as ${kind}: ${more.join(', ')}.`)
    if (less.length > 0) troubles.push(`${id}: on record as ${kind}, and not so: ${less.join(', ')}.`)
  }
  return troubles
}

/** What is wrong with the outcome of a provider that is as it should be, as sentences. */
export function judgeGood(
  { id }: Pick<ProviderUnderProof, 'id'>,
  { report, findings }: ProviderJudgement,
): readonly string[] {
  const failed = report.cases.flatMap(({ id: known, failure, reason, status }) =>
    status === 'failed' || status === 'invalid'
      ? [`${known}: ${failure === null ? reason : `${failure.what}, saw ${failure.actual}`}`]
      : [],
  )
  return [
    ...(report.verdict === 'conformant'
      ? []
      : [`${id} is ${report.verdict}: ${[...report.reasons, ...failed].join(' ')}`]),
    ...(findings.length === 0 ? [] : [`${id} is not as the store would have it: ${findings.join(', ')}.`]),
  ]
}
