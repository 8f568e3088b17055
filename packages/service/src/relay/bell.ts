/** Something for one to wait for that others announce. A ring that nobody waits for is remembered, once. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, at once if there was one since the last wait; or after `withinMs`, when that is given. */
  wait(withinMs?: number): Promise<void>
}

export function createBell(): Bell {
  return new RememberingBell()
}

class RememberingBell implements Bell {
  #hasRung = false
  #waiter: (() => void) | null = null

  ring(): void {
    if (this.#waiter === null) this.#hasRung = true
    else this.#waiter()
  }

  wait(withinMs?: number): Promise<void> {
    if (this.#hasRung) {
      this.#hasRung = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiter = null
        resolve()
      }
      const timer = withinMs === undefined ? undefined : setTimeout(end, withinMs)
      this.#waiter = end
    })
  }
}
