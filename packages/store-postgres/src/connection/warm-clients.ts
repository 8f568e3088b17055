import type { PoolClient } from 'pg'

/** A client of the driver's pool, with how to give it back; `true` says that it is broken. */
export interface CheckedOutClient {
  readonly client: PoolClient
  readonly release: (broken?: boolean) => void
}

/**
 * Clients that have just been used and wait for the next work: a way through the driver's pool and back for every unit of
 * work takes as long as a good part of it. Whoever is not needed for a while goes back to the pool, which closes what is
 * idle.
 */
export interface WarmClients {
  /** The one that was used last. */
  take(): CheckedOutClient | undefined
  put(client: CheckedOutClient): void
  /** Gives a broken one up; tells whether it was here. */
  drop(client: object): boolean
  /** Gives all of them back to the pool. */
  giveBack(): void
}

const KEPT_FOR_MS = 10_000

export function createWarmClients(): WarmClients {
  return new Stack()
}

class Stack implements WarmClients {
  #clients: CheckedOutClient[] = []
  /** How many at the bottom have not been used since the last look. */
  #unused = 0
  #timer: NodeJS.Timeout | null = null

  take(): CheckedOutClient | undefined {
    const taken = this.#clients.pop()
    this.#unused = Math.min(this.#unused, this.#clients.length)
    return taken
  }

  put(client: CheckedOutClient): void {
    this.#clients.push(client)
    this.#timer ??= setTimeout(() => this.#look(), KEPT_FOR_MS).unref()
  }

  drop(client: object): boolean {
    const found = this.#clients.find((one) => one.client === client)
    if (found === undefined) return false
    this.#clients = this.#clients.filter((one) => one !== found)
    this.#unused = 0
    found.release(true)
    return true
  }

  giveBack(): void {
    for (const { release } of this.#clients.splice(0)) release()
    this.#unused = 0
  }

  #look(): void {
    this.#timer = null
    for (const { release } of this.#clients.splice(0, this.#unused)) release()
    this.#unused = this.#clients.length
    if (this.#unused > 0) this.#timer = setTimeout(() => this.#look(), KEPT_FOR_MS).unref()
  }
}
