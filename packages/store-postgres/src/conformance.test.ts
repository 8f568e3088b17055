// Every case of the kit, on a server of this file's own: it is killed and paused.
import { conformanceTests } from '@user-engine/store-conformance-kit/vitest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createLocalHarness } from './testing/local-harness.ts'
import { openOwnServer } from './testing/own-server.ts'

const provider = await openOwnServer()
const harness = await createLocalHarness(provider, { withFaults: true })

conformanceTests(harness, { describe, it, beforeAll })

afterAll(() => provider.stop())
