// The kit as other people start it: its command line, and node:test, each in a process of its own.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CASES, conformanceReportSchema, verifyCertificate } from '@user-engine/store-conformance-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const CLI = 'node_modules/@user-engine/store-conformance-kit/src/cli.ts'
const HARNESS = 'src/testing/memory-harness.ts'

const { capabilities } = createMemoryStore()

/** What the manifest leaves of the cases; nothing that is left may do anything but pass. */
const EXPECTED = Object.fromEntries(
  CASES.map(({ id, notFor }) => [id, (notFor?.(capabilities) ?? null) === null ? 'passed' : 'skipped']),
)

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-conformance-'))
})

afterAll(() => rm(folder, { recursive: true }))

/** Runs Node with the sources of the workspace. @throws when it does not end with 0. */
async function runNode(...args: readonly string[]): Promise<string> {
  // Set by a runner for its own children, it would change how node:test reports.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const flags = ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source']
  const options = { cwd: PACKAGE, env, maxBuffer: 2 ** 26 }
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...args], options)
  return stdout
}

test('under the command line it is conformant, case by case, and can be certified', {
  timeout: 120_000,
}, async () => {
  const [report, certificate] = [join(folder, 'report.json'), join(folder, 'certificate.json')]
  const summary = await runNode(CLI, HARNESS, '--json', report)
  expect(summary).toMatch(/^memory: @user-engine\/store-memory .*\nverdict: conformant\n/)
  const { cases, verdict } = conformanceReportSchema.parse(JSON.parse(await readFile(report, 'utf8')))
  expect(verdict).toBe('conformant')
  expect(Object.fromEntries(cases.map(({ id, status }) => [id, status]))).toEqual(EXPECTED)
  await runNode(CLI, 'certify', report, '--out', certificate)
  expect(verifyCertificate(JSON.parse(await readFile(certificate, 'utf8'))).status).toBe('valid')
  expect(await runNode(CLI, 'verify', certificate)).toContain('is valid: @user-engine/store-memory')
})

test('a selection that holds is partial, and ends with 0', { timeout: 120_000 }, async () => {
  expect(await runNode(CLI, HARNESS, '--suite', 'VER,IDN', '--quiet')).toMatch(/^verdict: partial: /)
})

test('under node:test every case ends the same way', { timeout: 120_000 }, async () => {
  const xml = await runNode('--test', '--test-reporter=junit', 'src/testing/memory-node-test.ts')
  const outcomes = [...xml.matchAll(/<testcase name="([^:"]+): [^>]*?(\/>|>\s*<(\w+))/g)].map(
    ([, id, , inner]) => [id, inner === undefined ? 'passed' : inner],
  )
  expect(Object.fromEntries(outcomes)).toEqual(EXPECTED)
})
