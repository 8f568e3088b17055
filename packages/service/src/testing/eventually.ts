import { setTimeout as pause } from 'node:timers/promises'

const DEADLINE_MS = 10_000

/** Waits until a condition holds, for what takes real time; fails loudly when it never does. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not true within ${DEADLINE_MS} ms`)
    await pause(5)
  }
}
