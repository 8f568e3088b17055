import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ProcessControl } from '../harness.ts'
import { HarnessFailure } from '../harness-guard.ts'
import { LATE, raceAgainst } from '../time-limit.ts'
import type { FromProcess, ToProcess } from './messages.ts'
import type { ProcessJobs } from './process-jobs.ts'

/** Another process with a store of its own on a namespace. */
export interface StoreProcess {
  /** Does a job; it ends when the process does. Rejects when the process is killed or the job fails. */
  run<Name extends keyof ProcessJobs>(
    job: Name,
    args: Parameters<ProcessJobs[Name]>[0],
    onProgress?: (progress: unknown) => void,
  ): Promise<ReturnType<ProcessJobs[Name]>>
  /** Stops it in its tracks, as `kill -STOP` does; what it is told meanwhile it does when it goes on. */
  pause(): void
  resume(): void
  /** Ends it at once, as `kill -9` does, and waits until it is gone. */
  kill(): Promise<void>
}

/** A migration in another process. */
export interface MigrationProcess {
  /** Resolves when it begins to migrate. */
  readonly begun: Promise<void>
  /** What it applied. Rejects with what was thrown there, as text, and when the process is killed. */
  readonly applied: Promise<readonly string[]>
  kill(): Promise<void>
}

/** How long another process may take to start and to open its store. */
const START_TIMEOUT_MS = 30_000

// Beside this module as a source; a built package has this module in a file at its root.
const ENTRY = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('process-main.ts', import.meta.url)
    : new URL('processes/process-main.js', import.meta.url),
)

/**
 * Starts a process and has it open a store on the namespace, with a defect when one is named.
 * @throws HarnessFailure when it cannot.
 */
export async function startStoreProcess(
  control: ProcessControl,
  namespace: string,
  defect: string | null = null,
): Promise<StoreProcess> {
  const started = startProcess(control)
  const [module, handOver] = [control.module.href, await control.handOver(namespace)]
  const opened = started.send({ kind: 'open', module, handOver, defect })
  const result = await raceAgainst(opened, START_TIMEOUT_MS).catch(async (error: unknown) => {
    await started.kill()
    throw new HarnessFailure(`processes.module of the harness could not open a store: ${String(error)}.`)
  })
  if (result !== LATE) return started
  await started.kill()
  throw new HarnessFailure(`processes.module of the harness opened no store within ${START_TIMEOUT_MS} ms.`)
}

/** Starts a process that migrates the namespace. */
export async function startMigrationProcess(
  control: ProcessControl,
  namespace: string,
): Promise<MigrationProcess> {
  const started = startProcess(control)
  const [module, handOver] = [control.module.href, await control.handOver(namespace)]
  const begun = Promise.withResolvers<void>()
  const applied = started.send({ kind: 'migrate', module, handOver }, () => begun.resolve())
  applied.catch(begun.reject)
  begun.promise.catch(() => {})
  return {
    begun: begun.promise,
    applied: applied as Promise<readonly string[]>,
    kill: () => started.kill(),
  }
}

function startProcess({ execArgv }: ProcessControl): ForkedStoreProcess {
  const child = fork(ENTRY, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  })
  return new ForkedStoreProcess(child)
}

class ForkedStoreProcess implements StoreProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  async run<Name extends keyof ProcessJobs>(
    job: Name,
    args: Parameters<ProcessJobs[Name]>[0],
    onProgress: (progress: unknown) => void = () => {},
  ): Promise<ReturnType<ProcessJobs[Name]>> {
    return (await this.send({ kind: 'run', job, args }, onProgress)) as ReturnType<ProcessJobs[Name]>
  }

  send(message: ToProcess, onProgress: (progress: unknown) => void = () => {}): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const onMessage = (answer: FromProcess) => {
      if (answer.kind === 'progress') onProgress(answer.progress)
      else if (answer.kind === 'done') resolve(answer.result)
      else reject(new Error(answer.error))
    }
    this.#child.on('message', onMessage)
    void this.#exited.then(() => reject(new Error('the process has ended')))
    this.#child.send(message)
    return promise.finally(() => this.#child.off('message', onMessage))
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited
  }
}
