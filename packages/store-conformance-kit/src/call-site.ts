import { fileURLToPath } from 'node:url'
import { PACKAGE_ROOT } from './package-info.ts'

/** Where a check was called; the text of the stack is made only when a failure asks for it. */
export interface CallSite {
  readonly stack?: string
}

/** Remembers who called `below`, before the first await loses it. */
export function captureCallSite(below: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {}
  Error.captureStackTrace(site, below)
  return site
}

const ROOTS = [PACKAGE_ROOT.href, fileURLToPath(PACKAGE_ROOT)]

/** The first place of a stack that is inside the kit, as `src/suites/audit/denials.ts:31:13`; `unknown` without one. */
export function whereOf(stack: string | undefined): string {
  for (const line of (stack ?? '').split('\n')) {
    for (const root of ROOTS) {
      const start = line.indexOf(root)
      const frame = start < 0 ? null : /^(?:src|dist)\/[^\s)]+:\d+:\d+/.exec(line.slice(start + root.length))
      if (frame !== null) return frame[0]
    }
  }
  return 'unknown'
}
