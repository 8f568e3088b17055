import { createServer } from 'node:net'
import { ProviderError } from '../provider-error.ts'

/** A port on 127.0.0.1 that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  return await listenOnce(0)
}

/** @throws ProviderError `PORT_IN_USE`. */
export async function assertPortIsFree(port: number): Promise<void> {
  await listenOnce(port).catch((cause: unknown) => {
    throw new ProviderError('PORT_IN_USE', `Port ${port} on 127.0.0.1 is in use: choose another one.`, {
      cause,
    })
  })
}

function listenOnce(port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen({ port, host: '127.0.0.1' }, () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
  })
  return promise
}
