/** The answers of the reads of one handle, which are known when they are given. */
export interface Answers {
  /** Makes the promise of an answer. */
  give<Result>(answer: Result): Promise<Result>
  /** Whether work has returned the promise of the answer that was given last: then there is nothing to wait for. */
  isLast(outcome: unknown): boolean
  /** The answer that was given last. */
  readonly last: unknown
}

export function createAnswers(): Answers {
  return new GivenAnswers()
}

class GivenAnswers implements Answers {
  #promise: Promise<unknown> | null = null
  #last: unknown

  get last(): unknown {
    return this.#last
  }

  give<Result>(answer: Result): Promise<Result> {
    const promise = Promise.resolve(answer)
    this.#promise = promise
    this.#last = answer
    return promise
  }

  isLast(outcome: unknown): boolean {
    return outcome !== null && outcome === this.#promise
  }
}
