import { conformanceTests } from '@user-engine/store-conformance-kit/vitest'
import { afterAll, describe, it } from 'vitest'
import { memoryHarness } from './testing/memory-harness.ts'

conformanceTests(memoryHarness, { describe, it, afterAll })
