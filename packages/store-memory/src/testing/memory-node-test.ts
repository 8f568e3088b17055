import { after, before, describe, it } from 'node:test'
import { conformanceTests } from '@user-engine/store-conformance-kit/node-test'
import { memoryHarness } from './memory-harness.ts'

conformanceTests(memoryHarness, { describe, it, before, after })
