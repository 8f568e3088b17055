import { type Diagnostics, type ErrorCode, isUserEngineError } from '@user-engine/store-protocol'

/** Counts what callers were told, by code [DIA-01]. */
export interface ErrorCounts {
  /** Runs a call and counts its failure, once. */
  counting<Result>(call: () => Result | Promise<Result>): Promise<Result>
  list(): Diagnostics['errors']
}

export function createErrorCounts(): ErrorCounts {
  const counts = new Map<ErrorCode, { readonly count: number; readonly lastAt: string }>()
  return {
    async counting(call) {
      try {
        return await call()
      } catch (error) {
        if (isUserEngineError(error)) {
          const count = (counts.get(error.code)?.count ?? 0) + 1
          counts.set(error.code, { count, lastAt: new Date().toISOString() })
        }
        throw error
      }
    },
    list: () => [...counts].map(([code, { count, lastAt }]) => ({ code, count, lastAt })),
  }
}
