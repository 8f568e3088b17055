/** What the promise becomes, unless that takes longer than `timeoutMs`: then it rejects, and what comes later is dropped. */
export async function withinTime<Result>(promise: Promise<Result>, timeoutMs: number): Promise<Result> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
