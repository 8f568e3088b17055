// The cases of the kit on stores that have one connection for units of work and one for the outbox: whatever needs two of
// them at once would wait for itself [TXN-05, AUD-04]. Transactions, audit and outbox in every run; the whole kit with
// USER_ENGINE_POOL_OF_ONE=whole.
import { conformanceTests } from '@user-engine/store-conformance-kit/vitest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createPostgresStore } from './create-postgres-store.ts'
import { createLocalHarness } from './testing/local-harness.ts'
import { openOwnServer } from './testing/own-server.ts'

/** These look at a store from outside while a transaction of the same store is open: that takes two connections of it. */
const TAKE_TWO = [
  'TXN-05.completed-parts-are-seen-by-nobody-else',
  'TXN-06.nobody-else-sees-them',
  'TXN-07.aborted-and-intermediate-writes-are-never-seen',
  'AUD-06.pages-miss-no-late-commit',
]

const provider = await openOwnServer()
const whole = await createLocalHarness(provider, { withFaults: true })
const harness: typeof whole = {
  ...whole,
  name: `${whole.name}, over one connection`,
  open: (namespace, options) =>
    createPostgresStore({
      capability: whole.databaseOf(namespace).capability,
      ...{ maxConnections: 1, maxRelayConnections: 1 },
      ...options,
    }),
}
const isWhole = process.env['USER_ENGINE_POOL_OF_ONE'] === 'whole'

conformanceTests(
  harness,
  { describe, it, beforeAll },
  {
    ...(isWhole ? {} : { suites: ['TXN', 'AUD', 'OBX'] }),
    select: ({ id }) => !TAKE_TWO.includes(id),
  },
)
afterAll(() => provider.stop())
