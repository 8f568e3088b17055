// Runs `provider-program.ts` in a process of its own, which a test can end as it likes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { LocalProviderOptions } from '../create-local-provider.ts'
import type { ServerHandle } from '../local-provider.ts'

export interface ProviderProcess {
  readonly child: ChildProcess
  /** The next thing it says; `null` when it ended without a word. */
  next(): Promise<ProviderMessage | null>
  say(command: 'stop' | 'leave' | 'query' | 'follow'): void
  /** Waits for its end. */
  ended(): Promise<void>
}

export interface ProviderMessage {
  readonly ready?: { readonly handle: ServerHandle; readonly reused: boolean; readonly pid: number }
  readonly refused?: { readonly code: string; readonly message: string }
  readonly rows?: readonly unknown[]
  readonly stopped?: true
}

interface ProcessOptions {
  readonly options: Omit<LocalProviderOptions, 'log'>
  /** The account to run as; default: our own. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
}

export function startProviderProcess({ options, account }: ProcessOptions): ProviderProcess {
  const program = new URL('./provider-program.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own, so that a test can send what a terminal sends on Ctrl-C.
    detached: true,
    cwd: '/',
    ...account,
  })
  const end = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    next: async () => {
      const { value, done } = await lines.next()
      return done === true ? null : (JSON.parse(String(value)) as ProviderMessage)
    },
    say: (command) => {
      child.stdin.write(`${command}\n`)
    },
    ended: async () => {
      await end
    },
  }
}
