// Every case of the kit through a real PgBouncer in transaction mode: nothing of a unit of work may live in a session.
import { findMissingPooler, startLocalPooler } from '@user-engine/provider-local'
import { conformanceTests } from '@user-engine/store-conformance-kit/vitest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createLocalHarness } from './testing/local-harness.ts'
import { openOwnServer } from './testing/own-server.ts'

const missing = await findMissingPooler()

if (missing !== null) it.skip(`is not run: ${missing}`, () => {})
else {
  const provider = await openOwnServer()
  const pooler = await startLocalPooler(provider)
  const harness = await createLocalHarness(provider, {
    withFaults: true,
    handed: (capability) => pooler.through(capability),
  })
  conformanceTests({ ...harness, name: `${harness.name}, through PgBouncer` }, { describe, it, beforeAll })
  afterAll(async () => {
    await pooler.stop()
    await provider.stop()
  })
}
