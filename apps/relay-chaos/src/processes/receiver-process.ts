// A receiver of webhooks: it writes an event down, then takes it over. Now and then it is too busy.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { monotonicMs, type Taking } from '../evidence.ts'
import { openLineLog } from './line-log.ts'
import { receiveTask, untilAsked } from './started-process.ts'
import type { ReceiverTask } from './tasks.ts'

/** A line of the receiver's log. */
export type ReceiverLine = Taking | { readonly refused: true }

const { logFile, refuseOneIn } = await receiveTask<ReceiverTask>()
const log = openLineLog(logFile)
let requests = 0
const server = createServer(async (request, response) => {
  const { id } = (await json(request)) as { readonly id: string }
  requests++
  if (requests % refuseOneIn === 0) {
    log.write({ refused: true } satisfies ReceiverLine)
    response.writeHead(503).end()
    return
  }
  const relay = request.url?.split('/').at(-1) ?? null
  log.write({ atMs: monotonicMs(), eventId: id, relay } satisfies ReceiverLine)
  response.writeHead(204).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
await untilAsked({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
process.exit(0)
