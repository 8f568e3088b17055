import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionLease } from '@user-engine/provider-local'
import { latencySummary, type Round } from '../measure/closed-loop.ts'
import { readCpu } from '../measure/cpu.ts'
import type { PgbenchScript } from './template.ts'

/** Whether pgbench is there; it comes with Debian's package postgresql-contrib, not with the embedded server. */
export function hasPgbench(): boolean {
  try {
    execFileSync('pgbench', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

let runs = 0

/** Runs a script with named prepared statements and callers of its own; whole seconds. */
export async function runPgbench(options: {
  readonly script: PgbenchScript
  readonly lease: ConnectionLease
  /** Of its sessions. */
  readonly settings: ReadonlyMap<string, string>
  readonly callers: number
  readonly durationMs: number
  readonly postmasterPid: number
}): Promise<Round> {
  const { script, lease, settings, callers, durationMs, postmasterPid } = options
  const folder = mkdtempSync(join(tmpdir(), 'user-engine-bench-'))
  runs += 1
  try {
    writeFileSync(join(folder, 'script.sql'), script.text)
    const variables = {
      ...script.variables,
      sequence: '0',
      round: String((process.pid * 64 + runs) % 65_536),
    }
    const parameters = [
      ...['--no-vacuum', '--protocol=prepared', `--file=${join(folder, 'script.sql')}`],
      ...[`--client=${callers}`, `--jobs=${Math.min(callers, 2)}`],
      ...[`--time=${Math.max(1, Math.round(durationMs / 1000))}`],
      ...['--log', `--log-prefix=${join(folder, 'log')}`, '--sampling-rate=0.1'],
      ...['--host', lease.host, '--port', String(lease.port), '--username', lease.user],
      ...Object.entries(variables).flatMap(([name, value]) => ['--define', `${name}=${value}`]),
      lease.database,
    ]
    const password = typeof lease.password === 'string' ? lease.password : await lease.password()
    const before = readCpu(postmasterPid)
    const output = await execute(parameters, { PGPASSWORD: password, PGOPTIONS: optionsOf(settings) })
    const after = readCpu(postmasterPid)
    const rate = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
    const done = Number(/transactions actually processed: (\d+)/.exec(output)?.[1])
    if (/number of failed transactions: [1-9]/.test(output))
      throw new Error(`pgbench had failures: ${output}`)
    return {
      rate,
      latency: latencySummary(readLatencies(folder)),
      clientCpu: ((after.client - before.client) * 1000) / done,
      serverCpu: ((after.server - before.server) * 1000) / done,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function optionsOf(settings: ReadonlyMap<string, string>): string {
  return [...settings].map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`).join(' ')
}

function execute(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn('pgbench', parameters, { env: { ...process.env, ...environment } })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  child.once('error', reject)
  child.once('close', (code) => {
    if (code === 0 && !errors.includes('aborted')) resolve(output)
    else reject(new Error(`pgbench failed (${code}): ${errors.slice(0, 2_000)}`))
  })
  return promise
}

function readLatencies(folder: string): readonly number[] {
  const logs = readdirSync(folder).filter((name) => name.startsWith('log'))
  return logs.flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Number(line.split(' ')[2]) / 1000),
  )
}
