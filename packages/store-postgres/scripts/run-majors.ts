// Runs the whole suite of this package on each major version of Postgres in turn: `pnpm majors`, or `pnpm majors 15 17`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What vitest's JSON report says of a run. */
interface Report {
  readonly numTotalTests: number
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
}

const SUPPORTED = ['15', '16', '17', '18']
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)))

const asked = process.argv.slice(2)
const unknown = asked.filter((major) => !SUPPORTED.includes(major))
if (unknown.length > 0) throw new Error(`there is no suite for Postgres ${unknown.join(', ')}`)

const lines: string[] = []
for (const major of asked.length === 0 ? SUPPORTED : asked) {
  const start = performance.now()
  const passed = await runOn(major)
  if (!passed) process.exitCode = 1
  lines.push(summaryOf(major, passed, (performance.now() - start) / 1_000))
}
process.stdout.write(`${lines.join('\n')}\n`)

async function runOn(major: string): Promise<boolean> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(major)}`]
  const child = spawn('vitest', ['run', ...reporters], {
    cwd: packageRoot,
    stdio: 'inherit',
    env: { ...process.env, USER_ENGINE_TEST_MAJOR: major },
  })
  const [code] = await once(child, 'exit')
  return code === 0
}

function summaryOf(major: string, passed: boolean, seconds: number): string {
  const report = JSON.parse(readFileSync(reportOf(major), 'utf8')) as Report
  const { numPassedTests, numFailedTests, numPendingTests, numTotalTests } = report
  return `Postgres ${major}: ${passed ? 'passed' : 'FAILED'}: ${numPassedTests} of ${numTotalTests} tests passed, ${numFailedTests} failed, ${numPendingTests} were skipped, ${Math.round(seconds)} s`
}

function reportOf(major: string): string {
  return join(packageRoot, 'reports', `major-${major}.json`)
}
