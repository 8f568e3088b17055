import { setTimeout as pause } from 'node:timers/promises'
import type { OutboxCloudEvent } from '../relay/cloud-event.ts'
import { DeliveryFailure } from '../relay/delivery-failure.ts'
import type { OutboxSink } from '../relay/outbox-sink.ts'

/** A sink with one thing broken. */
export interface BrokenSink {
  /** What it does, as the end of a sentence. */
  readonly breaks: string
  /** The cases that fail for it, in their order. */
  readonly caughtBy: readonly string[]
  readonly change: (sink: OutboxSink) => OutboxSink
}

type Deliver = OutboxSink['deliver']

const deliverAs =
  (make: (deliver: Deliver) => Deliver) =>
  (sink: OutboxSink): OutboxSink => ({
    name: sink.name,
    deliver: make((event, delivery) => sink.deliver(event, delivery)),
  })

/** Delivers another event instead. */
const alter = (change: (event: OutboxCloudEvent) => OutboxCloudEvent) =>
  deliverAs((deliver) => (event, delivery) => deliver(change(event), delivery))

/** Fails in another way. */
const failWith = (change: (error: unknown, event: OutboxCloudEvent) => unknown) =>
  deliverAs((deliver) => async (event, delivery) => {
    try {
      await deliver(event, delivery)
    } catch (error) {
      throw change(error, event)
    }
  })

const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'ABORTED'

const withoutEnd = () => new Promise<never>(() => {})

const REVEALS = ['refusing', 'refusing-for-good', 'silent', 'away'].map((mode) => `${mode}-reveals-nothing`)
const PASSES = ['refusing-may-pass', 'silent-may-pass', 'away-may-pass']

export const BROKEN_SINKS: readonly BrokenSink[] = [
  {
    breaks: 'resolves before the receiver has the event',
    caughtBy: [
      'taken-over-before-it-resolves',
      'silence-is-no-success',
      'gives-up-when-told',
      'does-not-start-when-told-before',
      'order-of-an-aggregate',
      'aggregates-at-once',
      'whole-envelope',
      'absent-stays-absent',
      'texts-arrive-unchanged',
      'large-events-arrive-whole',
      'same-identity-again',
      'tenants-apart',
      'refusal-is-a-failure',
      'refusal-for-good-is-permanent',
      'failures-have-a-code',
      ...PASSES,
      ...REVEALS,
    ],
    change: deliverAs((deliver) => async (event, delivery) => {
      void pause(5).then(() => deliver(event, delivery).catch(() => {}))
    }),
  },
  {
    breaks: 'swallows a refusal',
    caughtBy: [
      'refusal-is-a-failure',
      'failures-have-a-code',
      'refusing-may-pass',
      'refusing-reveals-nothing',
    ],
    change: deliverAs((deliver) => async (event, delivery) => {
      await deliver(event, delivery).catch((error: unknown) => {
        if (codeOf(error) !== 'REFUSED') throw error
      })
    }),
  },
  {
    breaks: 'takes silence for success',
    caughtBy: ['silence-is-no-success', 'gives-up-when-told', 'silent-may-pass', 'silent-reveals-nothing'],
    change: deliverAs((deliver) => async (event, delivery) => {
      await Promise.race([deliver(event, delivery), pause(100)])
    }),
  },
  {
    breaks: 'never gives up',
    caughtBy: ['gives-up-when-told', 'silent-may-pass', 'silent-reveals-nothing'],
    change: deliverAs((deliver) => async (event, delivery) => {
      await deliver(event, delivery).catch((error: unknown) =>
        codeOf(error) === 'TIMEOUT' ? withoutEnd() : Promise.reject(error),
      )
    }),
  },
  {
    breaks: 'delivers although it was told to give up before',
    caughtBy: ['does-not-start-when-told-before'],
    change: deliverAs(
      (deliver) => (event, delivery) =>
        deliver(event, delivery.signal.aborted ? { signal: new AbortController().signal } : delivery),
    ),
  },
  {
    breaks: 'reorders: puts every third event off',
    caughtBy: [
      'taken-over-before-it-resolves',
      'order-of-an-aggregate',
      'aggregates-at-once',
      'texts-arrive-unchanged',
      'tenants-apart',
    ],
    change: deliverAs((deliver) => {
      let count = 0
      return async (event, delivery) => {
        count++
        if (count % 3 === 0) void pause(20).then(() => deliver(event, delivery))
        else await deliver(event, delivery)
      }
    }),
  },
  {
    breaks: 'loses what comes while it is busy',
    caughtBy: ['aggregates-at-once'],
    change: deliverAs((deliver) => {
      let isBusy = false
      return async (event, delivery) => {
        if (isBusy) return
        isBusy = true
        try {
          await pause(1)
          await deliver(event, delivery)
        } finally {
          isBusy = false
        }
      }
    }),
  },
  {
    breaks: 'delivers twice',
    caughtBy: [
      'does-not-start-when-told-before',
      'order-of-an-aggregate',
      'aggregates-at-once',
      'whole-envelope',
      'absent-stays-absent',
      'texts-arrive-unchanged',
      'large-events-arrive-whole',
      'tenants-apart',
    ],
    change: deliverAs((deliver) => async (event, delivery) => {
      await deliver(event, delivery)
      await deliver(event, delivery)
    }),
  },
  {
    breaks: 'changes the id when an event comes again',
    caughtBy: ['same-identity-again'],
    change: deliverAs((deliver) => {
      const seen = new Set<string>()
      return async (event, delivery) => {
        const key = `${event.tenantid} ${event.id}`
        const isAgain = seen.has(key)
        seen.add(key)
        await deliver(isAgain ? { ...event, id: `${event.id}-again` } : event, delivery)
      }
    }),
  },
  {
    breaks: 'forgets the tenant when it looks for an event it has seen',
    caughtBy: ['tenants-apart'],
    change: deliverAs((deliver) => {
      const seen = new Set<string>()
      return async (event, delivery) => {
        if (seen.has(event.id)) return
        await deliver(event, delivery)
        seen.add(event.id)
      }
    }),
  },
  {
    breaks: 'drops the extensions',
    caughtBy: [
      'whole-envelope',
      'texts-arrive-unchanged',
      'large-events-arrive-whole',
      'same-identity-again',
      'tenants-apart',
    ],
    change: alter(
      ({ tenantid: _tenant, correlationid: _correlation, causationid: _cause, ...event }) => event,
    ),
  },
  {
    breaks: 'sends what is absent as an empty text',
    caughtBy: ['absent-stays-absent'],
    change: alter((event) => ({ correlationid: '', causationid: '', ...event })),
  },
  {
    breaks: 'loses what is no ASCII',
    caughtBy: ['texts-arrive-unchanged', 'large-events-arrive-whole'],
    change: alter((event) => JSON.parse(JSON.stringify(event).replaceAll(/[^\x20-\x7e]/g, '?'))),
  },
  {
    breaks: 'cuts off what is large',
    caughtBy: ['large-events-arrive-whole'],
    change: alter((event) => {
      const text = String(event.data.text ?? '')
      return text.length < 65_536 ? event : { ...event, data: { text: text.slice(0, 65_536) } }
    }),
  },
  {
    breaks: 'writes into the event',
    caughtBy: ['events-are-left-alone'],
    change: deliverAs((deliver) => async (event, delivery) => {
      Object.assign(event, { receivedby: 'broken' })
      await deliver(event, delivery)
    }),
  },
  {
    breaks: 'has no name',
    caughtBy: ['has-a-name'],
    change: (sink) => ({ ...sink, name: '' }),
  },
  {
    breaks: 'marks every failure as permanent',
    caughtBy: PASSES,
    change: failWith((error) => new DeliveryFailure({ code: codeOf(error), permanent: true })),
  },
  {
    breaks: 'marks no failure as permanent',
    caughtBy: ['refusal-for-good-is-permanent'],
    change: failWith((error) => new DeliveryFailure({ code: codeOf(error) })),
  },
  {
    breaks: 'takes an outage for a failure for good',
    caughtBy: ['away-may-pass'],
    change: failWith((error) =>
      codeOf(error) === 'UNREACHABLE' ? new DeliveryFailure({ code: 'LOST', permanent: true }) : error,
    ),
  },
  {
    breaks: 'quotes the payload in its errors',
    caughtBy: REVEALS,
    change: failWith((error, event) => {
      const message = `${codeOf(error)}: ${JSON.stringify(event.data)}`
      return Object.assign(new Error(message, { cause: error }), { ...Object(error) })
    }),
  },
  {
    breaks: 'keeps the event in the cause of its errors',
    caughtBy: REVEALS,
    change: failWith(
      (error, event) =>
        new DeliveryFailure({ ...Object(error), code: codeOf(error), cause: { request: { body: event } } }),
    ),
  },
  {
    breaks: 'fails without a code',
    caughtBy: ['failures-have-a-code'],
    change: failWith((error) => {
      const { permanent = false } = Object(error) as { permanent?: boolean }
      return Object.assign(new Error('it did not work'), { permanent })
    }),
  },
  {
    breaks: 'is of no use after a failure',
    caughtBy: ['does-not-start-when-told-before', ...PASSES],
    change: deliverAs((deliver) => {
      let failure: unknown = null
      return async (event, delivery) => {
        if (failure !== null) throw failure
        try {
          await deliver(event, delivery)
        } catch (error) {
          failure = error
          throw error
        }
      }
    }),
  },
]

/** It breaks something of the process, and so is run alone. */
export const CARELESS_SINK: BrokenSink = {
  breaks: 'leaves a rejected promise behind',
  caughtBy: [
    'silence-is-no-success',
    'gives-up-when-told',
    'does-not-start-when-told-before',
    'refusal-is-a-failure',
    'refusal-for-good-is-permanent',
    'failures-have-a-code',
    ...PASSES,
    ...REVEALS,
  ],
  change: deliverAs((deliver) => async (event, delivery) => {
    const delivered = deliver(event, delivery)
    void delivered.then(() => {})
    await delivered
  }),
}
