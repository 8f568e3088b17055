import { type Diagnostics, type ErrorCode, isUserEngineError } from '@user-engine/store-protocol'

/** Counts errors by code; codes only, so that nothing of a caller is kept [DIA-01, DIA-02]. */
export interface ErrorLog {
  /** Counts an error of the family and lets everything else pass; returns what it got. */
  note(error: unknown): unknown
  readonly entries: Diagnostics['errors']
}

export function createErrorLog(): ErrorLog {
  const counts = new Map<ErrorCode, { count: number; lastAt: string }>()
  return {
    note(error) {
      if (isUserEngineError(error)) {
        const count = (counts.get(error.code)?.count ?? 0) + 1
        counts.set(error.code, { count, lastAt: new Date().toISOString() })
      }
      return error
    },
    get entries() {
      return [...counts].map(([code, { count, lastAt }]) => ({ code, count, lastAt }))
    },
  }
}
