/**
 * A promise that knows whether anybody has looked at it. A transaction uses it to tell a failure that was swallowed
 * from one that was never seen [TXN-10], and its rejection never counts as unhandled [TXN-08].
 *
 * `await` calls `then` on a promise only when its constructor is not Promise itself, hence the subclass.
 */
export class TrackedPromise<Value> extends Promise<Value> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  static rejected(error: unknown): TrackedPromise<never> {
    return TrackedPromise.of(new Promise<never>((_, reject) => reject(error)))
  }

  static of<Value>(promise: Promise<Value>): TrackedPromise<Value> {
    const tracked = new TrackedPromise<Value>((resolve, reject) => {
      promise.then(resolve, reject)
    })
    Promise.prototype.then.call(tracked, undefined, () => {})
    return tracked
  }

  wasSeen = false

  // biome-ignore lint/suspicious/noThenProperty: noticing calls of `then` is what this class is for.
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.wasSeen = true
    return super.then(onFulfilled, onRejected)
  }
}
