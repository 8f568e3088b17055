import { once } from 'node:events'
import type { OutboxCloudEvent } from '../relay/cloud-event.ts'
import { DeliveryFailure } from '../relay/delivery-failure.ts'
import { createInProcessSink } from '../relay/in-process-sink.ts'
import type { OutboxSink } from '../relay/outbox-sink.ts'
import type { ReceiverMode, SinkHarness } from '../sink-conformance/index.ts'

/** A receiver in this process, behind a sink that hands to functions. `change` makes another sink of that one. */
export function createMailboxHarness(
  name: string,
  change: (sink: OutboxSink) => OutboxSink = (sink) => sink,
): SinkHarness {
  return {
    name,
    backWithinMs: 500,
    async open() {
      const mailbox: OutboxCloudEvent[] = []
      let mode: ReceiverMode = 'taking'
      const take = async (event: OutboxCloudEvent, { signal }: { readonly signal: AbortSignal }) => {
        if (mode === 'refusing') throw new DeliveryFailure({ code: 'REFUSED' })
        if (mode === 'refusing-for-good') throw new DeliveryFailure({ code: 'GONE', permanent: true })
        if (mode === 'away') throw new DeliveryFailure({ code: 'UNREACHABLE' })
        if (mode === 'silent') {
          await once(signal, 'abort')
          throw new DeliveryFailure({ code: 'TIMEOUT' })
        }
        mailbox.push(structuredClone(event))
      }
      return {
        sink: change(createInProcessSink({ otherwise: take })),
        receiver: {
          received: async () => [...mailbox],
          become: async (next) => {
            mode = next
          },
        },
        close: async () => {},
      }
    },
  }
}
