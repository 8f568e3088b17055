// Uses what is published the way somebody else does: outside of this repository, from the packed packages alone. `--update`
// publishes the reports; subjects that are named are certified alone.
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyStarter, findOwnDependencies } from './copied-starter.ts'
import { packPackages } from './packed-packages.ts'
import { ProgramFailed, runProgram } from './run-program.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const STARTER = join(ROOT, 'apps/provider-starter')
const REPORTS = join(ROOT, 'docs/conformance')
const SUBJECTS = ['sqlite', 'capability', 'postgres'] as const
const named = SUBJECTS.filter((subject) => process.argv.includes(subject))
const isUpdate = process.argv.includes('--update')
/** Judged, and found not conformant: an answer, which the report explains. Not to be judged is a failure. */
const NOT_CONFORMANT = 1

interface Report {
  readonly verdict: string
  readonly harness: string
  readonly executed: number
  readonly planned: number
  readonly durationMs: number
  readonly cases: readonly {
    readonly id: string
    readonly status: string
    readonly reason: string | null
    readonly failure: { readonly what: string; readonly expected: string; readonly actual: string } | null
  }[]
}

const folder = await realpath(await mkdtemp(join(tmpdir(), 'user-engine-starter-')))
try {
  const verdicts = await certifyStarter(folder)
  if (verdicts.some((verdict) => verdict !== 'conformant')) process.exitCode = 1
} catch (error) {
  if (!(error instanceof ProgramFailed)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function certifyStarter(outside: string): Promise<readonly string[]> {
  const copy = join(outside, 'provider-starter')
  await step('build and pack the packages', async () => {
    const names = await findOwnDependencies(STARTER)
    const tarballs = await packPackages(ROOT, names, join(outside, 'tarballs'))
    await copyStarter(STARTER, copy, tarballs)
  })
  await step('install them outside of the repository', () =>
    runProgram(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: copy }),
  )
  await step('check its types', () => runProgram(['npm', 'run', 'typecheck'], { cwd: copy }))
  await step('run its tests', () => runProgram(['npm', 'test'], { cwd: copy }))
  await mkdir(join(copy, 'reports'), { recursive: true })
  const verdicts: string[] = []
  for (const subject of named.length > 0 ? named : SUBJECTS) verdicts.push(await certify(copy, subject))
  return verdicts
}

async function certify(copy: string, subject: (typeof SUBJECTS)[number]): Promise<string> {
  const { code, stdout } = await runProgram(['npm', 'run', '--silent', `certify:${subject}`], {
    cwd: copy,
    allowed: [0, NOT_CONFORMANT],
  })
  if (isUpdate) await writeFile(join(REPORTS, `starter-${subject}.txt`), stdout)
  const file = join(copy, 'reports', `${subject}.json`)
  const report = JSON.parse(await readFile(file, 'utf8')) as Report
  const { verdict, harness, executed, planned, durationMs, cases } = report
  print(`${harness}: ${verdict}, ${executed} of ${planned} cases ran, ${seconds(durationMs)}`)
  for (const { id, failure } of cases) {
    if (failure === null) continue
    print(`  failed ${id}: ${failure.what}: expected ${failure.expected}, saw ${failure.actual}`)
  }
  return code === 0 ? verdict : 'not-conformant'
}

async function step(name: string, run: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await run()
  print(`${name}: ${seconds(performance.now() - start)}`)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
