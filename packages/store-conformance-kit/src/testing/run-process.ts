import { spawn } from 'node:child_process'
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
  // Set by a runner for its own children, it would change how node:test reports.
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source', ...args],
    { cwd: fileURLToPath(PACKAGE_ROOT), env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', reject)
  })
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { exitCode, stdout, stderr }
}

/** Runs the command line of the kit. */
export function runConformanceCli(...args: readonly string[]): Promise<Ended> {
  return runNode('src/cli.ts', ...args)
}
