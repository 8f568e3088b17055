import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** Starts a nats-server with JetStream that goes with the test; `null` when there is none on this machine. */
export async function startNatsServer(): Promise<string | null> {
  const folder = await makeTemporaryFolder()
  const options = ['--addr', '127.0.0.1', '--port', '-1', '--jetstream', '--store_dir', folder]
  const child = spawn('nats-server', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  const { promise: missing, resolve: isMissing } = Promise.withResolvers<null>()
  child.on('error', () => isMissing(null))
  onTestFinished(async () => {
    if (child.exitCode !== null || child.pid === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  return await Promise.race([missing, listeningAt(createInterface({ input: child.stderr }))])
}

async function listeningAt(lines: AsyncIterable<string>): Promise<string> {
  let address = ''
  for await (const line of lines) {
    address = /client connections on (\S+)/.exec(line)?.[1] ?? address
    if (line.includes('Server is ready')) return `nats://${address}`
  }
  // It ended; when it never began, that is said elsewhere.
  return await new Promise(() => {})
}
