import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type DisturbedNetwork, openDisturbedNetwork } from './disturbed-network.ts'

const ended: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

/** A backend that answers every message with the same one, a network in front of it, and a connection through it. */
async function openEcho(): Promise<{
  readonly network: DisturbedNetwork
  readonly arrived: string[]
  readonly connectThrough: () => Promise<Socket>
}> {
  const arrived: string[] = []
  const backend = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      arrived.push(String(bytes))
      socket.write(bytes)
    })
  })
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  ended.push(() => backend.close())
  const { port } = backend.address() as AddressInfo
  const network = await openDisturbedNetwork({ host: '127.0.0.1', port })
  ended.unshift(() => network.close())
  const connectThrough = async () => {
    const socket = connect(network.address)
    await once(socket, 'connect')
    ended.unshift(() => socket.destroy())
    return socket
  }
  return { network, arrived, connectThrough }
}

async function ask(socket: Socket, message: string): Promise<string> {
  const answer = once(socket, 'data')
  socket.write(message)
  return String((await answer)[0])
}

function untilClosed(socket: Socket): Promise<unknown> {
  socket.on('error', () => {})
  return new Promise((resolve) => socket.on('close', resolve))
}

test('forwards in both directions', async () => {
  const { connectThrough } = await openEcho()
  expect(await ask(await connectThrough(), 'one')).toBe('one')
})

test('answers that are lost belong to requests that arrived', async () => {
  const { network, arrived, connectThrough } = await openEcho()
  const socket = await connectThrough()
  network.loseAnswers()
  const closed = untilClosed(socket)
  socket.on('data', () => expect.unreachable('an answer came through'))
  socket.write('two')
  await expect.poll(() => arrived).toEqual(['two'])
  network.cut()
  await closed
})

test('requests that are lost never arrive, and a connection that begins afterwards is whole', async () => {
  const { network, arrived, connectThrough } = await openEcho()
  const socket = await connectThrough()
  const lost = network.loseRequests()
  const closed = untilClosed(socket)
  socket.write('three')
  await lost
  network.cut()
  await closed
  expect(await ask(await connectThrough(), 'four')).toBe('four')
  expect(arrived).toEqual(['four'])
})
