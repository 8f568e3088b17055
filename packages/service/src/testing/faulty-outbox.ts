import type { OutboxPort } from '@user-engine/store-protocol'

type Operation = 'claim' | 'ack' | 'extend' | 'nack' | 'release' | 'deadLetter'

/** An outbox that does what the real one does, but for the calls a test makes fail. */
export interface FaultyOutbox extends OutboxPort {
  /** Every call so far, in order. */
  readonly calls: { readonly operation: Operation; readonly eventIds: readonly string[] }[]
  /** Makes the next calls of an operation reject with these errors, one after the other, and not reach the store. */
  failNext(operation: Operation, ...errors: readonly unknown[]): void
}

export function createFaultyOutbox(outbox: OutboxPort): FaultyOutbox {
  const calls: FaultyOutbox['calls'] = []
  const failures = new Map<Operation, unknown[]>()
  const pass = async <Result>(
    operation: Operation,
    request: object,
    call: () => Promise<Result>,
  ): Promise<Result> => {
    calls.push({ operation, eventIds: 'eventIds' in request ? (request.eventIds as string[]) : [] })
    const queued = failures.get(operation) ?? []
    if (queued.length > 0) throw queued.shift()
    return await call()
  }
  return {
    calls,
    failNext: (operation, ...errors) => void failures.set(operation, [...errors]),
    claim: (request) => pass('claim', request, () => outbox.claim(request)),
    ack: (request) => pass('ack', request, () => outbox.ack(request)),
    extend: (request) => pass('extend', request, () => outbox.extend(request)),
    nack: (request) => pass('nack', request, () => outbox.nack(request)),
    release: (request) => pass('release', request, () => outbox.release(request)),
    deadLetter: (request) => pass('deadLetter', request, () => outbox.deadLetter(request)),
    replay: (request) => outbox.replay(request),
    listDeadLetters: (page) => outbox.listDeadLetters(page),
    stats: () => outbox.stats(),
  }
}
