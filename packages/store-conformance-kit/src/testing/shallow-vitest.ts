import { afterAll, beforeAll, describe, it } from 'vitest'
import { conformanceTests } from '../vitest.ts'
import { createShallowHarness } from './shallow-harness.ts'
import { SHALLOW_SELECTION } from './shallow-selection.ts'

conformanceTests(createShallowHarness(), { describe, it, beforeAll, afterAll }, SHALLOW_SELECTION)
