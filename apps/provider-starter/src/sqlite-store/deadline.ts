import { UserEngineError } from '@user-engine/store-protocol'

/** The end of a unit of work's time, from its call on: waiting counts as well [TXN-11]. */
export interface Deadline {
  /** Settles as the step does, or fails when the time is over first. */
  race<Result>(step: Promise<Result>): Promise<Result>
  /** Ends the time now, with another reason. */
  cut(reason: Error): void
  clear(): void
}

export function createDeadline(timeoutMs: number): Deadline {
  const { promise, reject } = Promise.withResolvers<never>()
  // Nobody may be racing when the time is over.
  promise.catch(() => {})
  const timer = setTimeout(() => reject(new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs })), timeoutMs)
  return {
    race: (step) => Promise.race([step, promise]),
    cut: (reason) => reject(reason),
    clear: () => clearTimeout(timer),
  }
}
