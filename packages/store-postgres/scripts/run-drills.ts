// Runs the recovery drills and writes what they find to docs/recovery-drills.md: `pnpm drills`.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DrillFinding, DrillReport } from '../src/testing/drills/drill-report.ts'
import {
  drillDump,
  drillFailover,
  drillPointInTime,
  findDumpMajor,
} from '../src/testing/drills/recovery-drills.ts'

const DOCUMENT = fileURLToPath(new URL('../../../docs/recovery-drills.md', import.meta.url))
const INTRODUCTION = `# Recovery drills

What becomes of the data, and of the work that goes on, when a database comes back in one of three ways. Written by \`npx --yes pnpm@12 drills\` from a run on
real servers (embedded ones, started by [provider-local](../packages/provider-local)); the same drills are tests of every build, in
[recovery-drills.test.ts](../packages/store-postgres/src/recovery-drills.test.ts).

In each drill six writers bring users into four tenants, each unit with an audit record, an event and an idempotency key, and repeat a unit with its key until it is
acknowledged. Two relays claim, hand over and settle. One store does all of it and is never restarted. In the end what was promised is compared with what is there.
What a provider and an operator do is in [operations.md](operations.md#when-something-happens).
`

const dump = findDumpMajor()
if ('missing' in dump) throw new Error(dump.missing)
const drills = [drillPointInTime, drillFailover, () => drillDump(dump.major)]
const sections: string[] = []
for (const drill of drills) {
  const report = await drill()
  const failed = report.findings.filter(({ holds }) => holds === false)
  process.stdout.write(`${report.title}: ${failed.length === 0 ? 'all of it holds' : 'FAILED'}\n`)
  for (const { what, found } of failed) process.stdout.write(`  ${what}: ${found}\n`)
  if (failed.length > 0) process.exitCode = 1
  sections.push(sectionOf(report))
}
writeFileSync(DOCUMENT, [INTRODUCTION, ...sections].join('\n'))

function sectionOf({ title, server, steps, findings }: DrillReport): string {
  return `## ${title}

Postgres ${server}.

${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}

| what | found | |
| --- | --- | --- |
${findings.map(rowOf).join('\n')}
`
}

function rowOf({ what, found, holds }: DrillFinding): string {
  return `| ${what} | ${found} | ${holds === null ? '' : holds ? 'holds' : '**does not hold**'} |`
}
