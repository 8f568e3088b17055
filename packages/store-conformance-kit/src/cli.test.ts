// The command line, as a process of its own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeLoadFailure } from './cli/load-harness.ts'
import { PACKAGE_VERSION } from './package-info.ts'
import { conformanceReportSchema } from './report-files/report-schema.ts'
import { makeReport } from './testing/made-report.ts'
import { interruptConformanceCli, runConformanceCli } from './testing/run-process.ts'
import { SHALLOW_SELECTION } from './testing/shallow-selection.ts'

const SHALLOW = 'src/testing/shallow-default.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-cli-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('a run', () => {
  test('of a store that is not conformant ends with 1, prints what failed and writes every file', async () => {
    const [json, junit, html] = ['made/r.json', 'made/r.xml', 'made/r.html'].map((name) => join(folder, name))
    const ended = await runConformanceCli(
      ...[SHALLOW, '--rule', 'ver-01,SHP-01', '--rule', 'LIF-03', '--seed', '7', '--case-timeout', '5000'],
      ...['--json', `${json}`, '--junit', `${junit}`, '--html', `${html}`],
    )
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^running \d+ cases\n/) })
    expect(ended.stdout).toContain('verdict: not conformant\n')
    expect(ended.stdout).toMatch(/FAILED VER-01\..*\n {2}.*\n {2}expected: /)
    const report = conformanceReportSchema.parse(JSON.parse(await readFile(`${json}`, 'utf8')))
    expect(report).toMatchObject({ verdict: 'not-conformant', seed: 7 })
    const wanted = ['VER-01', 'SHP-01', 'LIF-03']
    expect(report.cases.every(({ rules }) => rules.some((rule) => wanted.includes(rule)))).toBe(true)
    expect(await readFile(`${junit}`, 'utf8')).toContain(`tests="${report.cases.length}"`)
    expect(await readFile(`${html}`, 'utf8')).toContain('<h1>not conformant</h1>')
  })

  test('of a capability is the same command', async () => {
    const ended = await runConformanceCli('src/testing/paper-default.ts', '--suite', 'CAP')
    expect(ended.exitCode).toBe(1)
    expect(ended.stdout).toContain('paper: Postgres capability of paper 1 against')
    expect(ended.stdout).toContain('FAILED CAP-03.leases-open-sessions: ')
  })

  test('of a selection that holds ends with 0, and --quiet prints the verdict alone', async () => {
    const waivers = await file('waivers.json', SHALLOW_SELECTION.waivers)
    const ended = await runConformanceCli(SHALLOW, '--rule', 'MIG-03', '--waivers', waivers, '--quiet')
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^verdict: partial: .*\n$/)
  })

  test('whose time is spent ends with 2 and names what was not run', async () => {
    const ended = await runConformanceCli(SHALLOW, '--suite', 'SHP', '--time-budget', '0.000001')
    expect(ended.exitCode).toBe(2)
    expect(ended.stdout).toMatch(
      /INVALID SHP-01\..*\n {2}It was not run: the time budget of 0\.000001 s was spent\./,
    )
  })

  test('that is interrupted ends after its case, disposes of the harness and names what was not run', async () => {
    const ended = await interruptConformanceCli('src/testing/slow-default.ts', '--suite', 'VER')
    expect(ended.exitCode).toBe(1)
    expect(ended.stderr).toMatch(/^running \d+ cases\ndisposed\n$/)
    expect(ended.stdout).toContain('  It was not run: the run was interrupted.\n')
  })

  test('disposes of the harness, and does not hang on what it leaves open', async () => {
    const harness = `
      const open = setInterval(() => {}, 1_000)
      const refuse = () => Promise.reject(new Error('no disk'))
      export default async () => ({
        name: 'open', freshNamespace: refuse, destroyNamespace: refuse, open: refuse, reference: refuse,
        dispose: async () => void process.stderr.write('disposed\\n'),
      })`
    const ended = await runConformanceCli(await file('open.mjs', harness))
    expect(ended.exitCode).toBe(2)
    expect(ended.stderr).toBe(
      'disposed\nBefore any case: freshNamespace() of the harness failed: Error: no disk.\nThe harness left something open: give it dispose() to end it.\n',
    )
  })
})

describe('what cannot be judged is one sentence, and ends with 2', () => {
  const verbs = 'freshNamespace() {}, destroyNamespace() {}, reference() {}'
  test.each([
    ['no file', null, 'There is no file '],
    [
      'no default export',
      'export const harness = {}',
      'has no harness as its default export: write `export default',
    ],
    ['a harness without a name', 'export default {}', 'has no name: give it one as its name.'],
    [
      'a harness without a verb',
      `export default { name: 'x', ${verbs} }`,
      'lacks what every harness must have: make open a function of it.',
    ],
    [
      'a dispose that is no function',
      `export default { name: 'x', ${verbs}, open() {}, dispose: true }`,
      'make dispose a function of it.',
    ],
    [
      'a function that fails',
      `export default () => { throw new Error('no postgres://me:secret@host here') }`,
      'failed: Error: no postgres://***@host here.',
    ],
    ['a module that fails', `throw new Error('not today.\\nmore')`, 'cannot be loaded: Error: not today.'],
    [
      'an enum',
      'enum A { b }\nexport default A',
      'has TypeScript that Node cannot leave out, such as an enum',
    ],
  ])('%s', async (name, content, sentence) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.ts`)
    if (content !== null) await writeFile(path, content)
    const ended = await runConformanceCli(path)
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toContain(sentence)
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test.each([
    [['--suite', 'NOPE'], 'There is no suite NOPE; the suites are SHP, '],
    [['--rule', 'TXN-99'], 'The contract has no rule TXN-99.'],
    [['--rule', 'QRY-04'], 'No case shows QRY-04: '],
    [['--waivers', 'package.json'], 'package.json: Waivers must be a list.'],
    [['--waivers', 'README.md'], 'README.md is not JSON.'],
    [['--waivers', 'nowhere.json'], 'nowhere.json cannot be read: '],
    [['--json', 'package.json/report.json'], 'package.json/report.json cannot be written: '],
    [['--seed', 'x'], "'--seed <number>' argument 'x' is invalid. It must be a whole number."],
    [['--case-timeout', '0'], 'It must be a number above 0.'],
    [['--suite', 'TXN,,OBX'], 'It has an empty name.'],
    [['--unknown'], "unknown option '--unknown'"],
  ])('%s', async (options, sentence) => {
    const ended = await runConformanceCli(SHALLOW, ...options)
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toContain(sentence)
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('a Node that reads no TypeScript', () => {
    const error = Object.assign(new TypeError('Unknown file extension'), {
      code: 'ERR_UNKNOWN_FILE_EXTENSION',
    })
    expect(describeLoadFailure('./harness.ts', error)).toMatch(
      /^This Node \(v[\d.]+\) does not read TypeScript: use /,
    )
    expect(describeLoadFailure('./harness.xyz', error)).toContain('cannot be loaded: TypeError: Unknown file')
  })
})

describe('a certificate', () => {
  test('of a report that holds is valid; one that was changed names the field', async () => {
    const report = await file('conformant.json', makeReport())
    const certificate = join(folder, 'certificate.json')
    const made = await runConformanceCli('certify', report, '--out', certificate)
    expect(made).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await runConformanceCli('verify', certificate)).toEqual({
      exitCode: 0,
      stdout: `${certificate} is valid: shallow 1 against protocol 1\nverdict: conformant\n`,
      stderr: '',
    })
    const content = JSON.parse(await readFile(certificate, 'utf8'))
    expect(content).toMatchObject({ kit: { version: PACKAGE_VERSION } })
    const changed = await file('changed.json', { ...content, seeds: [], protocolVersion: 2 })
    expect(await runConformanceCli('verify', changed)).toMatchObject({
      exitCode: 1,
      stdout: `${changed} is wrong:\n  seeds: must have at least 1\n`,
    })
    const other = { ...content, kit: { ...content.kit, version: '9.0.0' }, caseList: { ...content.caseList } }
    other.caseList.digest = `sha256:${'0'.repeat(64)}`
    expect(await runConformanceCli('verify', await file('other.json', other))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('verify it with @user-engine/store-conformance-kit@9.0.0.'),
    })
  })

  test('shows its waivers when it is verified', async () => {
    const [id, rule] = ['MIG-05.damaged-histories-are-not-migrated', 'MIG-05'] as const
    const failure = { rule: 'MIG-05: text', what: 'x', expected: '1', actual: '2', where: 'unknown' }
    const waivers = SHALLOW_SELECTION.waivers.filter((waiver) => waiver.rule === rule)
    const made = makeReport({ [id]: { status: 'failed', waived: true, failure } }, waivers)
    const report = await file('waived.json', made)
    const { stdout } = await runConformanceCli('certify', report)
    const verified = await runConformanceCli('verify', await file('waived-certificate.json', stdout))
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' })
    expect(verified.stdout).toContain(
      `verdict: conformant with waivers: what failed is covered by waivers\nwaiver MIG-05, until 2999-12-31: known (https://tracker.example/7); covers ${id}\n`,
    )
  })

  test('is not made of a report that proves nothing, or of what is no report', async () => {
    const failed = await file('failed.json', { ...makeReport(), verdict: 'not-conformant' })
    expect(await runConformanceCli('certify', failed)).toMatchObject({ exitCode: 1, stdout: '' })
    const partial = await file('partial.json', { ...makeReport(), verdict: 'partial' })
    expect(await runConformanceCli('certify', partial)).toMatchObject({ exitCode: 2, stdout: '' })
    expect(await runConformanceCli('certify', 'package.json')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('package.json is not a report of this kit: '),
    })
  })
})

test('help and version end with 0', async () => {
  const help = await runConformanceCli('--help')
  expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Exit codes: 0 conformant') })
  expect(await runConformanceCli('--version')).toMatchObject({ exitCode: 0, stdout: `${PACKAGE_VERSION}\n` })
})
