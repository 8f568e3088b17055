/**
 * The promise of a call that was refused.
 *
 * What it rejects with is decided when somebody looks: `await`, `then` and everything built on it ask for the
 * reason at that moment. So a store can tell a failure that was seen, and perhaps swallowed, from one that nobody
 * has looked at yet and that must still be reported at the commit as what it is [TXN-03, TXN-10]; and a call that
 * is not awaited never causes an unhandled rejection, because until then there is no rejection [TXN-08].
 */
export function refuseCall<Result>(reasonWhenSeen: () => unknown): Promise<Result> {
  return new RefusedCall<Result>(reasonWhenSeen)
}

class RefusedCall<Result> extends Promise<Result> {
  // What `then` returns is an ordinary promise; without this, it would be built by the constructor below.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  readonly #reasonWhenSeen: () => unknown
  #rejection: Promise<Result> | null = null

  constructor(reasonWhenSeen: () => unknown) {
    super(() => {})
    this.#reasonWhenSeen = reasonWhenSeen
  }

  // `await` calls this too: a promise whose constructor is not Promise is not taken as it is.
  // biome-ignore lint/suspicious/noThenProperty: being looked at is what this promise is about.
  override then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((value: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#rejection ??= Promise.reject(this.#reasonWhenSeen())
    return this.#rejection.then(onFulfilled, onRejected)
  }
}
