import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface AppProcess {
  readonly pid: number
  /** Everything written so far, both streams. */
  output(): string
  /** Resolves with the match once the output has it. @throws when the process ends without it. */
  prints(pattern: RegExp): Promise<RegExpExecArray>
  signal(signal: NodeJS.Signals): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

/** Starts the application as its users do, in a process of its own; it is killed when the test has finished. */
export function startApp(...args: readonly string[]): AppProcess {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source', MAIN, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  onTestFinished(async () => {
    if (isRunning(child)) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })
  return new RunningApp(child)
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

class RunningApp implements AppProcess {
  readonly #child: ChildProcess
  readonly ended: AppProcess['ended']
  #stdout = ''
  #stderr = ''

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      child.emit('printed')
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      child.emit('printed')
    })
    this.ended = once(child, 'close').then(([code]: (number | null)[]) => ({
      code: code ?? null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start')
    return this.#child.pid
  }

  output(): string {
    return this.#stdout + this.#stderr
  }

  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const hasEnded = this.ended.then(() => 'ended' as const)
    for (;;) {
      const match = pattern.exec(this.output())
      if (match !== null) return match
      const first = await Promise.race([once(this.#child, 'printed'), hasEnded])
      if (first === 'ended' && !pattern.test(this.output())) {
        throw new Error(`the app ended without printing ${pattern}:\n${this.output()}`)
      }
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}
