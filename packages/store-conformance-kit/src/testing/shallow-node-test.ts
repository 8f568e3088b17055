import { after, before, describe, it } from 'node:test'
import { conformanceTests } from '../node-test.ts'
import { createShallowHarness } from './shallow-harness.ts'
import { SHALLOW_SELECTION } from './shallow-selection.ts'

conformanceTests(createShallowHarness(), { describe, it, before, after }, SHALLOW_SELECTION)
