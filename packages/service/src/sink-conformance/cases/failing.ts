// What a failure says, and that it is one.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describeFailure, isPermanent } from '../../relay/delivery-failure.ts'
import { CANARY, caseEvent, idsOf } from '../case-events.ts'
import { type SinkCase, type SinkCaseContext, WATCHED_MS } from '../sink-case.ts'
import type { ReceiverMode } from '../sink-harness.ts'

const BETWEEN_TRIES_MS = 20

/** After a failure the same sink delivers again; what failed may have arrived after all. */
async function mustRecover(context: SinkCaseContext, failedId: string): Promise<void> {
  const { receiver, deliver, backWithinMs } = context
  await receiver.become('taking')
  const event = caseEvent()
  const deadline = performance.now() + backWithinMs
  let end = await deliver(event)
  while (end.status !== 'taken' && performance.now() < deadline) {
    await pause(BETWEEN_TRIES_MS)
    end = await deliver(event)
  }
  assert.equal(end.status, 'taken', 'a receiver that takes events again gets them')
  const received = idsOf(await receiver.received()).filter((id) => id !== failedId)
  assert.deepEqual([...new Set(received)], [event.id], 'what has arrived since')
}

/** Who answers is waited for; who does not answer is given up on. */
const patienceFor = (mode: ReceiverMode) => (mode === 'silent' ? WATCHED_MS : undefined)

const canaryEvent = () =>
  caseEvent({ payload: { name: CANARY, list: [CANARY] }, correlationId: CANARY, causationId: CANARY })

function mustHideContent(error: unknown): void {
  const shown = inspect(error, { depth: 12, showHidden: true, maxStringLength: 10_000 })
  const stack = error instanceof Error ? `${error.stack}` : ''
  assert.ok(!`${shown} ${stack}`.includes(CANARY), 'the error says nothing of what the event holds')
}

const hidesContent = (mode: ReceiverMode): SinkCase => ({
  id: `${mode}-reveals-nothing`,
  title: `an error of a receiver that is ${mode} says nothing of what the event holds [DIA-02]`,
  modes: [mode],
  async run({ receiver, mustFail }) {
    await receiver.become(mode)
    mustHideContent(await mustFail(canaryEvent(), patienceFor(mode)))
  },
})

const recovers = (mode: ReceiverMode): SinkCase => ({
  id: `${mode}-may-pass`,
  title: `a receiver that is ${mode} is a failure that may pass, and it passes`,
  modes: [mode],
  async run(context) {
    await context.receiver.become(mode)
    const event = caseEvent()
    const error = await context.mustFail(event, patienceFor(mode))
    assert.equal(isPermanent(error), false, 'whether the failure is permanent')
    await mustRecover(context, event.id)
  },
})

export const failing: readonly SinkCase[] = [
  {
    id: 'refusal-is-a-failure',
    title: 'an event that the receiver refuses is not delivered',
    modes: ['refusing'],
    async run({ receiver, mustFail }) {
      await receiver.become('refusing')
      await mustFail(caseEvent())
      await receiver.become('taking')
      assert.deepEqual(await receiver.received(), [], 'what has arrived')
    },
  },
  {
    id: 'refusal-for-good-is-permanent',
    title: 'an event that the receiver will never take is a permanent failure',
    modes: ['refusing-for-good'],
    async run({ receiver, mustFail }) {
      await receiver.become('refusing-for-good')
      assert.equal(isPermanent(await mustFail(caseEvent())), true, 'whether the failure is permanent')
    },
  },
  {
    id: 'failures-have-a-code',
    title: 'a failure has a code, so that the reason on record says more than its class',
    modes: ['refusing'],
    async run({ receiver, mustFail }) {
      await receiver.become('refusing')
      assert.match(
        describeFailure(await mustFail(caseEvent())),
        /^\S+ \S+$|^[A-Z_]+$/,
        'the reason on record',
      )
    },
  },
  recovers('refusing'),
  recovers('silent'),
  recovers('away'),
  hidesContent('refusing'),
  hidesContent('refusing-for-good'),
  hidesContent('silent'),
  hidesContent('away'),
]
