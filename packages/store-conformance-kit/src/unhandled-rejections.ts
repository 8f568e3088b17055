import { setImmediate as nextTurn } from 'node:timers/promises'
import { showError } from './show.ts'

/** Listens for promises that were rejected and that nobody heard: in a service each of them ends the process. */
export function watchUnhandledRejections(): { stop(): Promise<readonly string[]> } {
  const seen: string[] = []
  const listen = (reason: unknown) => void seen.push(showError(reason))
  process.on('unhandledRejection', listen)
  return {
    async stop() {
      // They are announced once the microtasks of a turn are done.
      await nextTurn()
      process.off('unhandledRejection', listen)
      return seen
    },
  }
}
