import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Receiver } from './receiver.ts'

const STREAM = 'EVENTS'

/** Whether there is a nats-server on this machine. */
export function hasNatsServer(): boolean {
  return spawnSync('nats-server', ['--version'], { stdio: 'ignore' }).status === 0
}

/** Starts a nats-server with one stream, which drops by its id what it has seen. */
export async function openStreamReceiver(folder: string): Promise<Receiver> {
  const child = spawn(
    'nats-server',
    ['--addr', '127.0.0.1', '--port', '-1', '--jetstream', '--store_dir', folder],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const url = await listeningAt(createInterface({ input: child.stderr }))
  child.stderr.resume()
  const connection = await connect({ servers: url })
  const { streams } = await jetstreamManager(connection)
  await streams.add({ name: STREAM, subjects: ['events.>'] })
  return {
    target: { kind: 'nats', url, stream: STREAM },
    async read() {
      const { state } = await streams.info(STREAM)
      const takings = []
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await streams.getMessage(STREAM, { seq })
        const { id } = message?.json<{ id: string }>() ?? { id: '' }
        takings.push({ atMs: seq, eventId: id, relay: null })
      }
      return { takings, refusals: 0 }
    },
    async close() {
      await connection.close()
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

async function listeningAt(lines: AsyncIterable<string>): Promise<string> {
  let url = ''
  for await (const line of lines) {
    url = /client connections on (\S+)/.exec(line)?.[1] ?? url
    if (line.includes('Server is ready')) return `nats://${url}`
  }
  throw new Error('nats-server did not start')
}
