// The relay is not what limits the hand-over: beside a bare loop on the same store, in the same run.
import { expect, test } from 'vitest'
import { compareDrains } from '../testing/drain-rates.ts'
import { openTestStore } from '../testing/open-test-store.ts'
import { openPostgresStore } from '../testing/postgres-store.ts'

test('in memory, where the store costs next to nothing, the relay costs a few times as much', async () => {
  const { bare, relay } = await compareDrains(await openTestStore(), {
    events: 20_000,
    batch: 500,
    rounds: 3,
  })
  // Processor time, because nothing here waits for anything: on a busy machine the clock says little.
  expect(relay.cpuMicros / bare.cpuMicros).toBeLessThan(8)
})

test('on Postgres the relay keeps up with the store', async () => {
  const { bare, relay } = await compareDrains(await openPostgresStore(), {
    events: 5_000,
    batch: 100,
    rounds: 3,
  })
  expect(relay.rate / bare.rate).toBeGreaterThan(0.5)
})
