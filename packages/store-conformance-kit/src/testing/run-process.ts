import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { PACKAGE_ROOT } from '../package-info.ts'

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs Node with the sources of the workspace, in the folder of this package. */
export async function runNode(...args: readonly string[]): Promise<Ended> {
  return await endOf(startNode(args))
}

/** Runs the command line of the kit. */
export function runConformanceCli(...args: readonly string[]): Promise<Ended> {
  return runNode('src/cli.ts', ...args)
}

/** Runs the command line of the kit, and interrupts it as soon as it has said something. */
export async function interruptConformanceCli(...args: readonly string[]): Promise<Ended> {
  const child = startNode(['src/cli.ts', ...args])
  child.stderr.once('data', () => child.kill('SIGINT'))
  return await endOf(child)
}

function startNode(args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  // Set by a runner for its own children, it would change how node:test reports.
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env
  return spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source', ...args],
    { cwd: fileURLToPath(PACKAGE_ROOT), env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
}

async function endOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', reject)
  })
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { exitCode, stdout, stderr }
}
