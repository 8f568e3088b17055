import { BROKEN_BOUNDARIES } from './broken/boundary.ts'
import { BROKEN_CONTEXTS } from './broken/context.ts'
import { BROKEN_HAND_OVERS } from './broken/handed-over.ts'
import { BROKEN_LOGINS } from './broken/logins.ts'
import { BROKEN_OPERATIONS } from './broken/operation.ts'
import { BROKEN_SERVERS } from './broken/server.ts'
import type { BrokenProvider } from './provider-under-proof.ts'

/** Every broken provider: a real server with one thing that its provider should not have done. */
export const BROKEN_PROVIDERS: readonly BrokenProvider[] = [
  ...[...BROKEN_HAND_OVERS, ...BROKEN_LOGINS, ...BROKEN_SERVERS],
  ...[...BROKEN_CONTEXTS, ...BROKEN_BOUNDARIES, ...BROKEN_OPERATIONS],
]
