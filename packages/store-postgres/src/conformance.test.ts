// Every case of the kit, on a server of this file's own: it is killed and paused.
import { createLocalProvider } from '@user-engine/provider-local'
import { conformanceTests } from '@user-engine/store-conformance-kit/vitest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createPostgresHarness } from './testing/postgres-harness.ts'

const provider = await createLocalProvider({ backend: 'embedded' })
const harness = await createPostgresHarness(provider, { withFaults: true })

conformanceTests(harness, { describe, it, beforeAll })

afterAll(() => provider.stop())
