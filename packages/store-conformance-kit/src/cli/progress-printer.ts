import type { ConformanceProgress } from '../run-conformance.ts'

/** Where progress goes: standard error, or what stands in for it. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressPrinter {
  show(event: ConformanceProgress): void
  /** Leaves nothing behind on a terminal. */
  end(): void
}

/** How long a log waits between two lines, in milliseconds. */
const LINE_EVERY_MS = 10_000
const CLEAR_LINE = '\r\u001B[2K'

/** Shows a run while it goes on: on a terminal as one line that changes, else as a plain line now and then. */
export function createProgressPrinter(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): ProgressPrinter {
  const isTerminal = stream.isTTY === true
  let planned = 0
  let done = 0
  let failed = 0
  let lastLineAt = now()
  const counts = () => `${done} of ${planned} cases, ${failed} failed`
  const redraw = (text: string) => stream.write(CLEAR_LINE + text.slice(0, (stream.columns ?? 80) - 1))
  return {
    show(event) {
      if (event.kind === 'preflight-passed') {
        planned = event.planned
        if (!isTerminal) stream.write(`running ${planned} cases\n`)
      } else if (event.kind === 'case-started') {
        if (isTerminal) redraw(`${counts()}: ${event.id}`)
      } else {
        done = event.position
        if (event.result.status === 'failed') failed += 1
        if (isTerminal) redraw(counts())
        else if (now() - lastLineAt >= LINE_EVERY_MS) {
          lastLineAt = now()
          stream.write(`${counts()}\n`)
        }
      }
    },
    end() {
      if (isTerminal) stream.write(CLEAR_LINE)
    },
  }
}
