import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OutboxCloudEvent } from '../relay/cloud-event.ts'
import { type DeliveryEnd, GIVES_UP_WITHIN_MS, type SinkCase, type SinkCaseContext } from './sink-case.ts'
import type { OpenedSink, SinkHarness } from './sink-harness.ts'

/** How one case ended. */
export interface SinkCaseResult {
  readonly id: string
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or what was expected and seen; `null` when it passed. */
  readonly reason: string | null
}

const PATIENCE_MS = 10_000
const BACK_WITHIN_MS = 20_000
/** Why a case does not apply to a harness, or `null`. */
export function whyNot(harness: SinkHarness, { modes }: SinkCase): string | null {
  for (const mode of modes) {
    if (mode !== 'refusing-for-good' && mode !== 'away') continue
    const reason = harness.cannot?.[mode]
    if (reason !== undefined) return `the receiver cannot be ${mode}: ${reason}`
  }
  return null
}

/** Runs one case on a sink and a receiver of its own. */
export async function runSinkCase(harness: SinkHarness, sinkCase: SinkCase): Promise<SinkCaseResult> {
  const { id, title } = sinkCase
  const skipped = whyNot(harness, sinkCase)
  if (skipped !== null) return { id, title, status: 'skipped', reason: skipped }
  const reason = await failureOf(harness, sinkCase)
  return { id, title, status: reason === null ? 'passed' : 'failed', reason }
}

async function failureOf(harness: SinkHarness, { run }: SinkCase): Promise<string | null> {
  const unhandled: unknown[] = []
  const listen = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', listen)
  try {
    const opened = await harness.open()
    try {
      await run(contextOf(opened, harness.backWithinMs ?? BACK_WITHIN_MS))
    } finally {
      await opened.close()
    }
    await nextTurn()
    return unhandled.length === 0 ? null : 'a promise was rejected and nobody heard it'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    process.off('unhandledRejection', listen)
  }
}

function contextOf({ sink, receiver }: OpenedSink, backWithinMs: number): SinkCaseContext {
  const deliver = (event: OutboxCloudEvent, withinMs = PATIENCE_MS) => deliverWithin(sink, event, withinMs)
  return {
    sink,
    receiver,
    backWithinMs,
    deliver,
    async mustDeliver(event) {
      const end = await deliver(event)
      if (end.status === 'taken') return
      const seen = end.status === 'open' ? 'none' : 'a failure'
      throw new Error(`the receiver takes the event over: expected an end without error, saw ${seen}`)
    },
    async mustFail(event, withinMs = PATIENCE_MS) {
      const first = await deliver(event, withinMs)
      const end = first.status === 'open' ? await within(first.end, GIVES_UP_WITHIN_MS) : first
      if (end?.status === 'failed') return end.error
      const seen = end === null ? 'no end' : 'success'
      throw new Error(`an event that was not taken over is a failure: expected a rejection, saw ${seen}`)
    },
  }
}

async function deliverWithin(
  sink: OpenedSink['sink'],
  event: OutboxCloudEvent,
  withinMs: number,
): Promise<DeliveryEnd> {
  const controller = new AbortController()
  const end = (async (): Promise<DeliveryEnd> => {
    try {
      await sink.deliver(event, { signal: controller.signal })
      return { status: 'taken' }
    } catch (error) {
      return { status: 'failed', error }
    }
  })()
  const first = await within(end, withinMs)
  if (first !== null) return first
  controller.abort(new Error('the case waits no longer'))
  return { status: 'open', end }
}

/** What a promise gives, or `null` when it has not in time. */
async function within<Result>(promise: Promise<Result>, limitMs: number): Promise<Result | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, limitMs, null)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
