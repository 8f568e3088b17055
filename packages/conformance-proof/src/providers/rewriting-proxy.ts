import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface RewritingProxy {
  readonly port: number
  stop(): Promise<void>
}

/**
 * Stands before a server and replaces a word in whatever its clients send by another of the same length: what a proxy does
 * that thinks it knows better than the statements it carries.
 */
export async function startRewritingProxy(options: {
  readonly host: string
  readonly port: number
  readonly word: string
  readonly by: string
}): Promise<RewritingProxy> {
  const { host, port, word, by } = options
  if (word.length !== by.length) throw new TypeError('the words must have the same length')
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host, port })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk) => {
      for (let at = chunk.indexOf(word); at >= 0; at = chunk.indexOf(word, at)) chunk.write(by, at)
      upstream.write(chunk)
    })
    client.on('end', () => upstream.end())
    upstream.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
