import { expect, it } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import { createMemoryBackend } from './memory-backend.ts'
import { ACME, idOf, makeEvent } from './testing/records.ts'

/** A store with events of as many aggregates, and a clock that the test moves. */
async function openQueue(events: number) {
  let now = Date.parse('2026-01-31T09:30:00.000Z')
  const store = createMemoryStore({ backend: createMemoryBackend({ clock: { now: () => now } }) })
  await store.transact(ACME, (tx) => {
    for (let n = 1; n <= events; n++) void tx.outbox.append(makeEvent(n, { aggregateId: `a${n}` }))
  })
  const claim = async (leaseMs: number) => {
    const { token, deliveries } = await store.outbox.claim({ consumer: 'test', limit: 1_000, leaseMs })
    return { token, ids: deliveries.map(({ event }) => event.id) }
  }
  const pass = (milliseconds: number) => {
    now += milliseconds
  }
  return { store, claim, pass }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => idOf(index + 1))

it('ends every hold in its time, also those that were moved among many others', async () => {
  const { store, claim, pass } = await openQueue(200)
  const { token, ids } = await claim(1_000)
  expect(ids).toEqual(numbered(200))
  const extended = ids.filter((_, index) => index % 3 === 1)
  const retried = ids.filter((_, index) => index % 3 === 2)
  const left = ids.filter((_, index) => index % 3 === 0)
  await store.outbox.extend({ token, eventIds: extended, leaseMs: 3_000 })
  await store.outbox.nack({ token, eventIds: retried, reason: 'later', retryAfterMs: 2_000 })

  pass(999)
  expect((await claim(60_000)).ids).toEqual([])
  pass(1)
  expect((await claim(60_000)).ids).toEqual(left)
  pass(1_000)
  expect((await claim(60_000)).ids).toEqual(retried)
  pass(1_000)
  expect((await claim(60_000)).ids).toEqual(extended)
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 200, dead: 0 })
})

it('holds what is claimed again and again, and lets all of it go', async () => {
  const { store, claim, pass } = await openQueue(100)
  for (let round = 0; round < 5; round++) {
    const { token, ids } = await claim(1_000 + round)
    expect(ids).toEqual(numbered(100))
    await store.outbox.extend({ token, eventIds: ids.filter((_, index) => index % 2 === 0), leaseMs: 5_000 })
    pass(5_000)
  }
  const { token, ids } = await claim(1_000)
  await store.outbox.ack({ token, eventIds: ids })
  pass(60_000)
  expect((await claim(1_000)).ids).toEqual([])
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0, dead: 0, oldestAgeMs: null })
})

it('shows a snapshot what was released as it was when the snapshot began', async () => {
  const { store, claim } = await openQueue(2)
  const { token } = await claim(1_000)
  const attempts = async () =>
    await store.read(ACME, async (reader) => {
      const list = async () => (await reader.outbox.list()).items.map((entry) => entry.attempts)
      const before = await list()
      await store.outbox.release({ token, eventIds: [idOf(2)] })
      return [before, await list()]
    })
  expect(await attempts()).toEqual([
    [1, 1],
    [1, 1],
  ])
  const { items } = await store.read(ACME, (reader) => reader.outbox.list())
  expect(items.map((entry) => entry.attempts)).toEqual([1, 0])
})

it('hands over in one batch what was appended at different times to the same aggregates', async () => {
  const { store, claim, pass } = await openQueue(3)
  const { token, ids } = await claim(1_000)
  expect(ids).toEqual(numbered(3))
  await store.transact(ACME, (tx) => {
    // Behind an event that is held, behind one that is settled by then, and behind another new one.
    for (const [n, aggregateId] of [
      [4, 'a1'],
      [5, 'a2'],
      [6, 'a4'],
      [7, 'a4'],
    ] as const) {
      void tx.outbox.append(makeEvent(n, { aggregateId }))
    }
  })
  await store.outbox.ack({ token, eventIds: [idOf(2), idOf(3)] })
  expect((await claim(60_000)).ids).toEqual([idOf(5), idOf(6), idOf(7)])
  expect((await store.outbox.stats()).blocked).toMatchObject([{ aggregateId: 'a1', waiting: 1 }])
  pass(1_000)
  expect((await claim(60_000)).ids).toEqual([idOf(1), idOf(4)])
})
