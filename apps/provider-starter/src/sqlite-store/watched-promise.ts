/**
 * A promise that settles as another one does, tells when somebody looks at it, and is never an unhandled rejection.
 * Whether work saw a failure and went on decides between the failure itself and `TRANSACTION_ABORTED` at the commit
 * [TXN-03, TXN-10].
 */
export function watched<Result>(source: Promise<Result>, onSeen: () => void): Promise<Result> {
  const promise = new WatchedPromise<Result>((resolve, reject) => source.then(resolve, reject))
  promise.catch(() => {})
  promise.onSeen = onSeen
  return promise
}

class WatchedPromise<Result> extends Promise<Result> {
  onSeen: (() => void) | null = null

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  // biome-ignore lint/suspicious/noThenProperty: to be told who looks is what this class is for.
  override then<Kept = Result, Caught = never>(
    onKept?: ((value: Result) => Kept | PromiseLike<Kept>) | null,
    onCaught?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Kept | Caught> {
    this.onSeen?.()
    return super.then(onKept, onCaught)
  }
}
