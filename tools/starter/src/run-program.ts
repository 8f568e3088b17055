import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname } from 'node:path'

/** A program ended with another code than it should have. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed'
}

export interface ProgramOptions {
  readonly cwd: string
  /** Exit codes that are an answer and no failure. Default: 0 alone. */
  readonly allowed?: readonly number[]
}

export interface ProgramResult {
  readonly code: number
  readonly stdout: string
}

/**
 * Runs a program to its end. What it prints is shown when it fails, and otherwise not.
 * @throws ProgramFailed when it ends with a code that is not allowed.
 */
export async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, allowed = [0] }: ProgramOptions,
): Promise<ProgramResult> {
  // npm and pnpm are command files on Windows, which only a shell starts.
  const shell = process.platform === 'win32'
  const child = spawn(program, args, {
    cwd,
    shell,
    env: outsideEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code !== null && allowed.includes(code)) return { code, stdout }
  throw new ProgramFailed(`${[program, ...args].join(' ')} ended with ${code ?? signal}:\n${output}`)
}

// As somebody else's shell would have it: this Node first, and nothing of the script that is running.
function outsideEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|command|execpath|node_execpath)/.test(name) && name !== 'NODE_OPTIONS',
  )
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
  return { ...Object.fromEntries(kept), PATH: path }
}
