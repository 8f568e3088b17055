// What stands between a store and its backend: forwards bytes, and does to them what networks do.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { NetworkAddress } from '../harness.ts'

/** A stretch of network that a case disturbs. What was lost stays lost; connections that begin afterwards are whole. */
export interface DisturbedNetwork {
  /** Where a store reaches its backend through it. */
  readonly address: NetworkAddress
  /** From now on what the backend answers is lost, and what the store sends arrives. */
  loseAnswers(): void
  /** From now on what the store sends is lost. Resolves when something was. */
  loseRequests(): Promise<void>
  /** Ends every connection at both ends, as a reset does, and forwards again what comes on new ones. */
  cut(): void
  /** Ends every connection and takes no more. */
  close(): Promise<void>
}

/** Opens one in front of a backend. */
export async function openDisturbedNetwork(backend: NetworkAddress): Promise<DisturbedNetwork> {
  const network = new ForwardingNetwork(backend)
  await network.listen()
  return network
}

interface Connection {
  readonly near: Socket
  readonly far: Socket
}

class ForwardingNetwork implements DisturbedNetwork {
  readonly #backend: NetworkAddress
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  #losesAnswers = false
  #losesRequests: (() => void) | null = null

  constructor(backend: NetworkAddress) {
    this.#backend = backend
    this.#server = createServer((near) => this.#forward(near))
  }

  get address(): NetworkAddress {
    const { port } = this.#server.address() as AddressInfo
    return { host: '127.0.0.1', port }
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  loseAnswers(): void {
    this.#losesAnswers = true
  }

  loseRequests(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#losesRequests = resolve
    return promise
  }

  cut(): void {
    this.#losesAnswers = false
    this.#losesRequests = null
    for (const { near, far } of this.#connections) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #forward(near: Socket): void {
    const connection = { near, far: connect(this.#backend) }
    const { far } = connection
    this.#connections.add(connection)
    near.setNoDelay(true)
    far.setNoDelay(true)
    near.on('data', (bytes) => {
      if (this.#losesRequests === null) far.write(bytes)
      else this.#losesRequests()
    })
    far.on('data', (bytes) => {
      if (!this.#losesAnswers) near.write(bytes)
    })
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end.on('end', () => other.end())
      // A reset at one end is one at the other; the store sees it there.
      end.on('error', () => other.destroy())
      end.on('close', () => {
        this.#connections.delete(connection)
        other.destroy()
      })
    }
  }
}
