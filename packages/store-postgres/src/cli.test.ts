// The command line as an operator runs it: a process, a module with a capability, an exit code.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalDatabase } from '@user-engine/provider-local'
import type { Readiness } from '@user-engine/store-protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HandOver, handOverOf } from './conformance/handed-over.ts'
import { createTestDatabase } from './testing/test-database.ts'

let database: LocalDatabase & { drop(): Promise<void> }
let handOver: HandOver
const folder = mkdtempSync(join(tmpdir(), 'user-engine-cli-'))

beforeAll(async () => {
  database = await createTestDatabase()
  handOver = await handOverOf(database.capability)
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await database.drop()
})

let count = 0

/** The path of a module with the given body. */
function moduleOf(body: string): string {
  count += 1
  const path = join(folder, `capability-${count}.mjs`)
  writeFileSync(path, body)
  return path
}

function capabilityModule({ description, leases }: HandOver = handOver): string {
  return moduleOf(`
const leases = ${JSON.stringify(leases)}
export default { describe: async () => (${JSON.stringify(description)}), lease: async (role) => leases[role] }`)
}

interface Outcome {
  readonly exitCode: number
  readonly output: string
}

async function run(command: string, module: string, ...options: string[]): Promise<Outcome> {
  const outcome = await new Promise<Outcome>((done) => {
    const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
    const flags = ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source']
    const child = execFile(
      process.execPath,
      [...flags, cli, command, '--capability', module, ...options],
      (_, stdout, stderr) => done({ exitCode: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
  for (const { password } of Object.values(handOver.leases)) expect(outcome.output).not.toContain(password)
  return outcome
}

test.each(['status', 'verify', 'doctor', 'migrate'])('%s of a good schema exits with 0', async (command) => {
  const { exitCode, output } = await run(command, capabilityModule(), '--json')
  expect(exitCode, output).toBe(0)
  expect(JSON.parse(output)).toBeTruthy()
})

test.each(['verify', 'doctor'])('%s names what is wrong, what it means and what to do', async (command) => {
  await database.query('CREATE POLICY leak ON user_engine.memberships FOR SELECT USING (true)')
  try {
    const asJson = await run(command, capabilityModule(), '--json')
    expect(asJson.exitCode).toBe(1)
    const { status, checks } = JSON.parse(asJson.output) as Readiness
    expect(status).toBe('not-ready')
    expect(checks.filter((check) => check.status !== 'pass')).toEqual([
      {
        code: 'boundary.policy-open',
        status: 'fail',
        summary: expect.stringContaining('leak'),
        remedy: expect.any(String),
      },
    ])
    const asText = await run(command, capabilityModule())
    expect(asText.exitCode).toBe(1)
    expect(asText.output.split('\n')[0]).toMatch(/^fail {2}boundary\.policy-open: /)
  } finally {
    await database.query('DROP POLICY leak ON user_engine.memberships')
  }
})

test('doctor finds a login that does not work, and looks at the rest', async () => {
  const relay = { ...handOver.leases.relay, password: 'canary-password' }
  const broken = { ...handOver, leases: { ...handOver.leases, relay } }
  const { exitCode, output } = await run('doctor', capabilityModule(broken), '--json')
  expect(exitCode).toBe(1)
  const { checks } = JSON.parse(output) as Readiness
  expect(checks.filter(({ status }) => status === 'fail').map(({ code }) => code)).toEqual([
    'relay.reachable',
  ])
  expect(checks.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['migration.reachable', 'runtime.reachable', 'boundary.clean']),
  )
  expect(output).not.toContain('canary')
})

test('doctor of a server that is away finds all three logins', async () => {
  const leases = Object.fromEntries(
    Object.entries(handOver.leases).map(([role, lease]) => [role, { ...lease, port: 1 }]),
  ) as unknown as HandOver['leases']
  const { exitCode, output } = await run('doctor', capabilityModule({ ...handOver, leases }), '--json')
  expect(exitCode).toBe(1)
  const { checks } = JSON.parse(output) as Readiness
  expect(checks.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['migration.reachable', 'runtime.reachable', 'relay.reachable']),
  )
  expect(await run('verify', capabilityModule({ ...handOver, leases }))).toMatchObject({ exitCode: 2 })
})

test.each([
  ['a module that is not there', () => join(folder, 'nowhere.mjs')],
  ['a module that throws', () => moduleOf(`throw new Error('canary-password')`)],
  [
    'a module with something else',
    () => moduleOf(`export default 'postgres://me:canary-password@localhost/db'`),
  ],
  [
    'a capability that throws',
    () =>
      moduleOf(`const fail = async () => { throw new Error('canary-password') }
export default { describe: fail, lease: fail }`),
  ],
])('%s: exit code 2 and nothing of it in the output', async (_, module) => {
  const { exitCode, output } = await run('verify', module())
  expect(exitCode).toBe(2)
  expect(output).not.toContain('canary')
  expect(output.trim().split('\n')).toHaveLength(1)
})
