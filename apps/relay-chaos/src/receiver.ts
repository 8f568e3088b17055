import { join } from 'node:path'
import type { Taking } from './evidence.ts'
import { openStreamReceiver } from './nats-receiver.ts'
import { readLineLog } from './processes/line-log.ts'
import type { ReceiverLine } from './processes/receiver-process.ts'
import { startProcess } from './processes/started-process.ts'
import type { RelayTarget } from './processes/tasks.ts'

export type ReceiverKind = 'webhook' | 'nats'

/** What the relays deliver to. */
export interface Receiver {
  readonly target: RelayTarget
  /** Everything it has taken over, in its order. */
  read(): Promise<{ readonly takings: readonly Taking[]; readonly refusals: number }>
  close(): Promise<void>
}

const REFUSE_ONE_IN = 100

/** Starts a receiver in a process of its own. */
export async function openReceiver(kind: ReceiverKind, folder: string): Promise<Receiver> {
  return kind === 'nats' ? await openStreamReceiver(join(folder, 'nats')) : await openWebhookReceiver(folder)
}

async function openWebhookReceiver(folder: string): Promise<Receiver> {
  const logFile = join(folder, 'receiver.log')
  const task = { logFile, refuseOneIn: REFUSE_ONE_IN }
  const server = await startProcess<{ readonly url: string }>('receiver-process.ts', task)
  return {
    target: { kind: 'webhook', url: server.ready.url },
    async read() {
      const lines = readLineLog<ReceiverLine>(logFile)
      const takings = lines.filter((line): line is Taking => !('refused' in line))
      return { takings, refusals: lines.length - takings.length }
    },
    close: () => server.stop(),
  }
}
