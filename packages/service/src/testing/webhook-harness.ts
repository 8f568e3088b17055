import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createWebhookSink } from '../relay/webhook-sink.ts'
import type { ReceiverMode, SinkHarness } from '../sink-conformance/index.ts'

const STATUS = { taking: 204, refusing: 503, 'refusing-for-good': 410 } as const

/** A real HTTP server behind a webhook sink, in one of the content modes. */
export function createWebhookHarness(contentMode: 'structured' | 'binary'): SinkHarness {
  return {
    name: `a ${contentMode} webhook`,
    async open() {
      const received: object[] = []
      let mode: ReceiverMode = 'taking'
      const answer = async (request: IncomingMessage, response: ServerResponse) => {
        const body = await text(request)
        if (mode === 'silent' || mode === 'away') return
        if (mode === 'taking') received.push(envelopeOf(request, body))
        response.writeHead(STATUS[mode]).end()
      }
      const server = createServer((request, response) => void answer(request, response))
      const listen = async (port: number) => {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      }
      const shut = async () => {
        const closed = server.listening ? once(server, 'close') : null
        server.close()
        server.closeAllConnections()
        await closed
      }
      await listen(0)
      const { port } = server.address() as AddressInfo
      return {
        sink: createWebhookSink({ url: `http://127.0.0.1:${port}/hook`, mode: contentMode }),
        receiver: {
          received: async () => [...received],
          async become(next) {
            mode = next
            if (next === 'away') await shut()
            else if (!server.listening) await listen(port)
          },
        },
        close: shut,
      }
    },
  }
}

/** What a receiver reads out of a request, as the HTTP binding of CloudEvents says. */
function envelopeOf({ headers }: IncomingMessage, body: string): object {
  if (headers['content-type']?.startsWith('application/cloudevents+json')) return JSON.parse(body) as object
  const attributes = Object.entries(headers)
    .filter(([header]) => header.startsWith('ce-'))
    .map(([header, value]) => [header.slice('ce-'.length), decodeURIComponent(String(value))])
  return {
    ...Object.fromEntries(attributes),
    datacontenttype: headers['content-type'],
    data: JSON.parse(body) as object,
  }
}
