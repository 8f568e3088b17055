import { formatIssues, PROTOCOL_VERSION } from '@user-engine/store-protocol'
import { isAdvisory } from '../advisory.ts'
import { CAPABILITY_SUBJECT } from '../capability/capability-subject.ts'
import { type CaseFacts, DURABILITY_TIERS } from '../case.ts'
import type { AnyHarness } from '../harness.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from '../package-info.ts'
import { STORE_SUBJECT } from '../store-subject.ts'
import type { AnyManifest, NameAndVersion, Subject } from '../subject.ts'
import { judgeWaivers } from '../waivers/waiver.ts'
import { digestCaseList } from './case-list-digest.ts'
import { type ConformanceCertificate, certificateSchema, KILL_SCORES } from './certificate.ts'

/** A field of a certificate that is wrong, and why. */
export interface CertificateIssue {
  readonly field: string
  readonly problem: string
}

export type CertificateVerification =
  | { readonly status: 'valid'; readonly certificate: ConformanceCertificate }
  | { readonly status: 'wrong'; readonly issues: readonly CertificateIssue[] }
  /** This kit cannot tell: the sentence says which one can. */
  | { readonly status: 'not-verifiable'; readonly reason: string }

/**
 * Checks a certificate against this kit and against itself: form, protocol, the digest of the case list, counts, waivers
 * and tiers. It proves that a claim is possible and whole, not who made it: a certificate is not signed.
 */
export function verifyCertificate(candidate: unknown, now: Date = new Date()): CertificateVerification {
  const parsed = certificateSchema.safeParse(candidate)
  if (!parsed.success) {
    const issues = formatIssues(parsed.error).map(({ path, expected }) => ({
      field: path === '' ? 'certificate' : path,
      problem: `must have ${expected}`,
    }))
    return { status: 'wrong', issues }
  }
  const certificate = parsed.data
  const { kit, caseList } = certificate
  const known = whatIsKnownOf(certificate)
  const isOwn = caseList.digest === digestCaseList(known.cases)
  if (!isOwn && kit.name === PACKAGE_NAME && kit.version !== PACKAGE_VERSION) {
    const reason = `It was made by kit ${kit.version}, which has other cases than this one (${PACKAGE_VERSION}): verify it with ${PACKAGE_NAME}@${kit.version}.`
    return { status: 'not-verifiable', reason }
  }
  const issues = [
    ...findKitIssues(certificate, known, isOwn),
    ...findCountIssues(certificate, known),
    ...findWaiverIssues(certificate, known, now),
    ...findTierIssues(certificate, known),
    ...findTimeIssues(certificate, now),
  ]
  return issues.length > 0 ? { status: 'wrong', issues } : { status: 'valid', certificate }
}

/** What this kit knows of a certificate's subject, given its manifest. */
interface Known {
  readonly cases: readonly (CaseFacts & { readonly isSkipped: boolean })[]
  /** What the manifest names. */
  readonly named: NameAndVersion
}

function whatIsKnownOf(certificate: ConformanceCertificate): Known {
  return certificate.subject === 'store'
    ? whatIsKnown(STORE_SUBJECT, certificate.manifest)
    : whatIsKnown(CAPABILITY_SUBJECT, certificate.manifest)
}

function whatIsKnown<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(
  { cases, nameOf }: Subject<Harness, Context, Manifest>,
  manifest: Manifest,
): Known {
  const isSkipped = (one: (typeof cases)[number]) => (one.notFor?.(manifest) ?? null) !== null
  return { cases: cases.map((one) => ({ ...one, isSkipped: isSkipped(one) })), named: nameOf(manifest) }
}

function findKitIssues(
  { kit, subject, protocolVersion, caseList, judged, killScore }: ConformanceCertificate,
  { cases, named }: Known,
  isOwn: boolean,
): readonly CertificateIssue[] {
  const known = KILL_SCORES[subject]
  return [
    ...issueIf(kit.name !== PACKAGE_NAME, 'kit.name', `is not ${PACKAGE_NAME}`),
    ...issueIf(
      protocolVersion !== PROTOCOL_VERSION,
      'protocolVersion',
      `is not ${PROTOCOL_VERSION}, the version that this kit certifies`,
    ),
    ...issueIf(!isOwn, 'caseList.digest', `is not that of the cases of kit ${kit.version}`),
    ...issueIf(caseList.count !== cases.length, 'caseList.count', `is not ${cases.length}`),
    ...issueIf(
      killScore.killed !== known.killed || killScore.of !== known.of,
      'killScore',
      `is not ${known.killed} of ${known.of}, that of the kit`,
    ),
    ...issueIf(
      judged.name !== named.name || judged.version !== named.version,
      'judged',
      'is another one than the manifest names',
    ),
  ]
}

function findCountIssues(
  { counts, verdict, kit }: ConformanceCertificate,
  { cases }: Known,
): readonly CertificateIssue[] {
  const total = counts.passed + counts.skipped + counts.waived + counts.advisory
  const skipped = cases.filter(({ isSkipped }) => isSkipped).length
  const advisory = cases.filter(({ since }) => isAdvisory(since, kit.version)).length
  return [
    ...issueIf(total !== cases.length, 'counts', `do not add up to ${cases.length} cases`),
    ...issueIf(counts.skipped !== skipped, 'counts.skipped', `is not ${skipped}, as the manifest demands`),
    ...issueIf(counts.advisory > advisory, 'counts.advisory', `is over ${advisory}, all there are`),
    ...issueIf(
      (verdict === 'conformant-with-waivers') !== counts.waived > 0,
      'verdict',
      `does not fit ${counts.waived} waived failures`,
    ),
  ]
}

function findWaiverIssues(
  { waivers, counts }: ConformanceCertificate,
  known: Known,
  now: Date,
): readonly CertificateIssue[] {
  const judged = judgeWaivers(
    waivers.map(({ cases: _, ...waiver }) => waiver),
    now,
  )
  const covered = new Set(waivers.flatMap(({ cases }) => cases))
  const unrelated = waivers.flatMap(({ rule, cases }) =>
    cases.filter((covers) => !known.cases.some(({ id, rules: [first] }) => id === covers && first === rule)),
  )
  return [
    ...(judged.ok ? [] : judged.reasons.map((problem) => ({ field: 'waivers', problem }))),
    ...unrelated.map((id) => ({ field: 'waivers', problem: `cover ${id}, which is no case of their rule` })),
    // An advisory case may be covered without being counted.
    ...issueIf(covered.size < counts.waived, 'counts.waived', 'is more than the waivers cover'),
  ]
}

function findTierIssues(
  { tiers, waivers }: ConformanceCertificate,
  { cases: all }: Known,
): readonly CertificateIssue[] {
  const expectedTiers = all.some(({ tier }) => tier !== undefined) ? DURABILITY_TIERS : []
  const isWhole = tiers.map(({ tier }) => tier).join() === expectedTiers.join()
  const wrong = tiers.filter(({ tier, status, cases }) => {
    const known = all.filter((one) => one.tier === tier)
    const applies = known.some(({ isSkipped }) => !isSkipped)
    const isSame = known.map(({ id }) => id).join() === cases.join()
    const expected = known.length === 0 ? 'not-run' : applies ? 'passed' : 'skipped'
    const isCovered =
      status === 'waived' && waivers.some((waiver) => waiver.cases.some((id) => cases.includes(id)))
    const isAdvisoryOnly = status === 'advisory' && known.every(({ since }) => since !== undefined)
    return !isSame || !(status === expected || isCovered || isAdvisoryOnly)
  })
  return [
    ...issueIf(!isWhole, 'tiers', `are not ${expectedTiers.join(', ') || 'none'}`),
    ...wrong.map(({ tier, status }) => ({
      field: `tiers.${tier}`,
      problem: `cannot be ${status} with this manifest, these waivers and the cases of the kit`,
    })),
  ]
}

function findTimeIssues(
  { startedAt, issuedAt }: ConformanceCertificate,
  now: Date,
): readonly CertificateIssue[] {
  return [
    ...issueIf(Date.parse(issuedAt) > now.getTime(), 'issuedAt', 'is in the future'),
    ...issueIf(Date.parse(issuedAt) < Date.parse(startedAt), 'issuedAt', 'is before the run began'),
  ]
}

function issueIf(isWrong: boolean, field: string, problem: string): readonly CertificateIssue[] {
  return isWrong ? [{ field, problem }] : []
}
