import { delivering } from './cases/delivering.ts'
import { failing } from './cases/failing.ts'
import { keeping } from './cases/keeping.ts'
import type { SinkCase } from './sink-case.ts'

/** Every case, in the order in which they are run. */
export const SINK_CASES: readonly SinkCase[] = [...delivering, ...keeping, ...failing]
