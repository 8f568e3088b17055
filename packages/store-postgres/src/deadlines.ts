// Time limits of units of work: nearly all are taken back long before they are reached, and there are several in every
// unit. A timer of the event loop for each would cost more than most of what else a small read does, so all share one,
// which is set for the earliest and looks again when it is due.

/** A time limit that was set. */
export interface Deadline {
  /** Takes it back. */
  cancel(): void
}

/** Calls back in so many milliseconds, unless that is taken back before. */
export function callAfter(ms: number, callback: () => void): Deadline {
  const deadline = new PendingDeadline(performance.now() + ms, callback)
  if (pending.size === 0) timer?.ref()
  pending.add(deadline)
  if (deadline.at < timerAt) setTimer(deadline.at)
  return deadline
}

class PendingDeadline implements Deadline {
  readonly at: number
  readonly callback: () => void

  constructor(at: number, callback: () => void) {
    this.at = at
    this.callback = callback
  }

  cancel(): void {
    pending.delete(this)
    // Nothing keeps the process alive for a moment at which nothing is to happen.
    if (pending.size === 0) timer?.unref()
  }
}

const pending = new Set<PendingDeadline>()
let timer: NodeJS.Timeout | null = null
let timerAt = Number.POSITIVE_INFINITY

function setTimer(at: number): void {
  if (timer !== null) clearTimeout(timer)
  timerAt = at
  timer = setTimeout(callDue, Math.max(1, Math.ceil(at - performance.now())))
}

function callDue(): void {
  timer = null
  timerAt = Number.POSITIVE_INFINITY
  const now = performance.now()
  for (const deadline of pending) {
    if (deadline.at > now) continue
    pending.delete(deadline)
    deadline.callback()
  }
  // After the callbacks: they may have set or taken back others.
  const next = Math.min(...[...pending].map(({ at }) => at))
  if (next < timerAt) setTimer(next)
}
