import { createServer } from 'node:net'
import { errorCode, ProviderError } from '../provider-error.ts'

const LOOPBACK = '127.0.0.1'

/** A port on 127.0.0.1 that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  return await listenOnce(0)
}

/** Whether nobody listens on the port of 127.0.0.1 at this moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return await listenOnce(port).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'EADDRINUSE',
  )
}

/** @throws ProviderError `PORT_IN_USE`, or `INVALID_OPTION` for a port that this account may not use. */
export async function assertPortIsFree(port: number): Promise<void> {
  await listenOnce(port).catch((cause: unknown) => {
    if (errorCode(cause) === 'EACCES') {
      throw new ProviderError(
        'INVALID_OPTION',
        `Port ${port} may not be used by this account: choose one above 1023.`,
        { cause },
      )
    }
    throw new ProviderError('PORT_IN_USE', `Port ${port} on ${LOOPBACK} is in use: choose another one.`, {
      cause,
    })
  })
}

function listenOnce(port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen({ port, host: LOOPBACK }, () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
  })
  return promise
}
