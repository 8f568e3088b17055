import type { Readiness } from '@user-engine/store-protocol'
import type { Check } from '../../check.ts'

/** What every answer about readiness looks like [MIG-01]. */
export function checkReadinessShape(check: Check, { status, checks }: Readiness): void {
  check.ok(checks.length > 0, 'there are checks')
  const has = (wanted: string) => checks.some((one) => one.status === wanted)
  const expected = has('fail') ? 'not-ready' : has('warn') ? 'degraded' : 'ready'
  check.equal(status, expected, 'the status follows from the checks')
  for (const { code, summary, remedy, status: result } of checks) {
    check.ok(/^[a-z0-9.-]+$/.test(code), 'the code is a stable word', code)
    check.ok(summary.length > 0, `${code} has a summary`)
    check.equal(remedy === null, result === 'pass', `${code}: a remedy exactly when it did not pass`)
  }
}
