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
  /** Ends it at once, as `kill -9` does, and waits until it is gone. */
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
  { module, execArgv, handOver }: ProcessControl,
  namespace: string,
  defect: string | null = null,
): Promise<StoreProcess> {
  const child = fork(ENTRY, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  })
  const started = new ForkedStoreProcess(child)
  const opening = { kind: 'open', module: module.href, handOver: await handOver(namespace), defect } as const
  const opened = started.send(opening)
  const result = await raceAgainst(opened, START_TIMEOUT_MS).catch(async (error: unknown) => {
    await started.kill()
    throw new HarnessFailure(`processes.module of the harness could not open a store: ${String(error)}.`)
  })
  if (result !== LATE) return started
  await started.kill()
  throw new HarnessFailure(`processes.module of the harness opened no store within ${START_TIMEOUT_MS} ms.`)
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

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited
  }
}
