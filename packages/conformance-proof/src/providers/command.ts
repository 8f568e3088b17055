import { type ConformanceReport, formatReport } from '@user-engine/store-conformance-kit'
import { writeKillScore } from '../record.ts'
import { renderCapabilityMatrix } from './capability-matrix.ts'
import { proveProviders } from './provider-proof.ts'
import { readProviderRecords, writeCapabilityMatrix, writeProviderRecords, writeReport } from './record.ts'

/** The proof of providers from the command line; an update records what was found, and forgives no survivor. */
export async function runProviderProof({ isUpdate }: { readonly isUpdate: boolean }): Promise<boolean> {
  const said = new Map<string, string>()
  const proof = await proveProviders({
    expected: readProviderRecords(),
    onJudged: (id, { report }, done, total) => {
      said.set(id, describeTroubles(id, report))
      const failed = report.cases.filter(({ status }) => status === 'failed').length
      process.stderr.write(
        `${done}/${total} ${id}: ${failed} cases failed, ${(report.durationMs / 1_000).toFixed(1)} s\n`,
      )
    },
  })
  if (isUpdate) {
    writeProviderRecords(proof.records)
    writeCapabilityMatrix(renderCapabilityMatrix(proof.records))
    for (const id of ['provider-local', 'provider-local-through-pgbouncer']) {
      const report = proof.reports.get(id)
      if (report !== undefined) writeReport(id, formatReport(report))
    }
    const killed = Object.values(proof.records).filter(({ failed }) => failed.length > 0).length
    writeKillScore('postgres-capability', { killed, of: Object.keys(proof.records).length })
    const broken = Object.keys(proof.records).map((id) => said.get(id) ?? '')
    writeReport('broken-providers', broken.join('\n\n'))
  }
  for (const trouble of proof.troubles) process.stdout.write(`${trouble}\n`)
  process.stdout.write(`${proof.line}\n`)
  return proof.troubles.length === 0
}

function describeTroubles(id: string, { verdict, reasons, cases }: ConformanceReport): string {
  const failures = cases.flatMap(({ id: known, failure }) =>
    failure === null
      ? []
      : [`  ${known}`, `    ${failure.what}: expected ${failure.expected}, saw ${failure.actual}`],
  )
  const unjudged = cases.filter(({ status }) => status === 'invalid')
  const [first] = unjudged
  return [
    `${id}: ${verdict}`,
    ...(cases.length === 0 ? reasons.map((reason) => `  ${reason}`) : failures),
    ...(first === undefined ? [] : [`  ${unjudged.length} cases could not be judged: ${first.reason}`]),
  ].join('\n')
}
