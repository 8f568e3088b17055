import { setTimeout as delay } from 'node:timers/promises'

const LIMIT_MS = 20_000

/** Waits until a condition of the outside world holds; fails with what was waited for when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await delay(10)
  }
}
