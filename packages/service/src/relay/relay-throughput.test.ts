// The relay is not what limits the hand-over: its rate beside that of a bare loop on the same store, in the same run.
import { expect, test } from 'vitest'
import { measureDrain } from '../testing/drain-rates.ts'
import { openTestStore } from '../testing/open-test-store.ts'
import { openPostgresStore } from '../testing/postgres-store.ts'

test('in memory, where the store costs next to nothing, the relay costs less than three times as much', async () => {
  const { bare, relay } = await measureDrain(await openTestStore(), { events: 20_000, batch: 500, rounds: 3 })
  expect(relay / bare).toBeGreaterThan(0.25)
})

test('on Postgres the relay keeps up with the store', async () => {
  const { bare, relay } = await measureDrain(await openPostgresStore(), {
    events: 5_000,
    batch: 100,
    rounds: 3,
  })
  expect(relay / bare).toBeGreaterThan(0.4)
})
