// The recovery drills: see testing/drills. `pnpm drills` writes what they find to docs/recovery-drills.md.
import { expect, test } from 'vitest'
import type { DrillReport } from './testing/drills/drill-report.ts'
import {
  drillDump,
  drillFailover,
  drillPointInTime,
  findDumpMajor,
} from './testing/drills/recovery-drills.ts'

const LIMIT_MS = 120_000

function expectAllToHold({ findings }: DrillReport): void {
  expect(findings.filter(({ holds }) => holds === false)).toEqual([])
  expect(findings.filter(({ holds }) => holds === true).length).toBeGreaterThan(15)
}

test('a restore to a moment', async () => expectAllToHold(await drillPointInTime()), LIMIT_MS)

test('a failover to a standby', async () => expectAllToHold(await drillFailover()), LIMIT_MS)

const dump = findDumpMajor()
if ('missing' in dump) test.skip(`a restore from a dump is not run: ${dump.missing}`, () => {})
else
  test(
    `a restore from a dump of Postgres ${dump.major}`,
    async () => expectAllToHold(await drillDump(dump.major)),
    LIMIT_MS,
  )
