import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of the run. It ends with the process that started it. */
export interface StartedProcess<Ready> {
  /** What it said when it was ready. */
  readonly ready: Ready
  /** Ends it at once, as the kernel does when memory is short. */
  kill(): Promise<void>
  /** Stops it in its tracks; `resume` lets it go on as if no time had passed. */
  pause(): void
  resume(): void
  /** Asks it to finish. @throws Error when it does not end by itself, or not well. */
  stop(): Promise<void>
}

/** Starts one of the modules beside this one, tells it what to do, and waits until it is ready. */
export async function startProcess<Ready>(module: string, task: object): Promise<StartedProcess<Ready>> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null)
  child.send(task)
  const ready = await Promise.race([once(child, 'message'), exited])
  if (!Array.isArray(ready)) throw new Error(`${module} ended before it was ready`)
  return {
    ready: ready[0] as Ready,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGTERM')
      const code = await exited
      if (code !== 0) throw new Error(`${module} ended with ${code}`)
    },
  }
}

/** In such a process: receives the task, and ends when its parent does. */
export async function receiveTask<Task>(): Promise<Task> {
  process.on('disconnect', () => process.exit(1))
  const [task] = (await once(process, 'message')) as [Task]
  return task
}

/** In such a process: says that it is ready, and resolves when it is asked to finish. */
export async function untilAsked(ready: object): Promise<void> {
  const asked = once(process, 'SIGTERM')
  process.send?.(ready)
  await asked
}
