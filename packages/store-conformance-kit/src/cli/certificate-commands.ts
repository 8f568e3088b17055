import { formatIssues } from '@user-engine/store-protocol'
import { certify } from '../certificate/certificate.ts'
import { verifyCertificate } from '../certificate/verify-certificate.ts'
import { describeVerdict, describeWaiver } from '../format-report.ts'
import { conformanceReportSchema } from '../report-files/report-schema.ts'
import { CannotJudge } from './cannot-judge.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { readJson, writeText } from './files.ts'

export interface CertifyCommandOptions {
  readonly out?: string
}

/** Makes a certificate of the JSON file of a report; on standard output unless a file is named. */
export async function certifyCommand(file: string, { out }: CertifyCommandOptions): Promise<number> {
  const parsed = conformanceReportSchema.safeParse(await readJson(file))
  if (!parsed.success) {
    const [issue] = formatIssues(parsed.error)
    throw new CannotJudge(
      `${file} is not a report of this kit: ${issue?.path || 'it'} must have ${issue?.expected}.`,
    )
  }
  const report = parsed.data
  if (report.verdict !== 'conformant' && report.verdict !== 'conformant-with-waivers') {
    process.stderr.write(
      `The verdict of ${file} is ${describeVerdict(report.verdict)}: there is nothing to certify.\n`,
    )
    return report.verdict === 'not-conformant' ? exitCodeOf(report.verdict) : EXIT.untold
  }
  const certificate = certify(report)
  const text = `${JSON.stringify(certificate, null, 2)}\n`
  if (out === undefined) process.stdout.write(text)
  else await writeText(out, text)
  return EXIT.holds
}

/** Says whether a certificate is valid, or which of its fields is wrong. */
export async function verifyCommand(file: string): Promise<number> {
  const verification = verifyCertificate(await readJson(file))
  if (verification.status === 'not-verifiable') throw new CannotJudge(`${file}: ${verification.reason}`)
  if (verification.status === 'wrong') {
    const lines = verification.issues.map(({ field, problem }) => `  ${field}: ${problem}\n`)
    process.stdout.write(`${file} is wrong:\n${lines.join('')}`)
    return EXIT.broken
  }
  const { judged, protocolVersion, verdict, waivers } = verification.certificate
  const lines = [
    `${file} is valid: ${judged.name} ${judged.version} against protocol ${protocolVersion}`,
    `verdict: ${describeVerdict(verdict)}`,
    ...waivers.map((waiver) => `waiver ${describeWaiver(waiver)}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return EXIT.holds
}
