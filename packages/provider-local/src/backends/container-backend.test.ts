// No container is started here: what is proven is that looking for a runtime is right, quick and quiet.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { hasContainerRuntime } from './container-backend.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('a runtime that answers is found, on a port and on a socket', async () => {
  const requests: (string | undefined)[] = []
  const runtime = () =>
    createServer(({ url }, response) => {
      requests.push(url)
      response.end('OK')
    })
  const onPort = runtime().listen(0, '127.0.0.1')
  await once(onPort, 'listening')
  vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${portOf(onPort)}`)
  expect(await hasContainerRuntime()).toBe(true)
  onPort.close()

  const folder = mkdtempSync(join(tmpdir(), 'runtime-'))
  const onSocket = runtime().listen(join(folder, 'docker.sock'))
  await once(onSocket, 'listening')
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'docker.sock')}`)
  expect(await hasContainerRuntime()).toBe(true)
  vi.stubEnv('DOCKER_HOST', undefined)
  vi.stubEnv('XDG_RUNTIME_DIR', folder)
  expect(await hasContainerRuntime()).toBe(true)
  onSocket.close()
  rmSync(folder, { recursive: true })
  expect(requests).toEqual(['/_ping', '/_ping', '/_ping'])
})

test('a runtime that does not answer is none, within two seconds and without a word', async () => {
  const connections: Socket[] = []
  const silent = createSocketServer((socket) => connections.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const port = portOf(silent)
  const output = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')]
  const start = performance.now()
  for (const host of [`tcp://127.0.0.1:${port}`, 'unix:///not/there.sock', 'ssh://somewhere']) {
    vi.stubEnv('DOCKER_HOST', host)
    expect(await hasContainerRuntime()).toBe(false)
  }
  expect(performance.now() - start).toBeLessThan(2_000)
  for (const spy of output) expect(spy).not.toHaveBeenCalled()
  for (const socket of connections) socket.destroy()
  silent.close()
})
