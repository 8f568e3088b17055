import type { CommandContext, ProvisionedUser, UserEngineService } from '@user-engine/service'
import { retryTransient } from '@user-engine/service'
import { type Id, isUserEngineError } from '@user-engine/store-protocol'
import pLimit from 'p-limit'
import type { ScimRecord } from '../scim/read-scim-file.ts'
import { toProvisioning, type WantedUser } from './to-provisioning.ts'

/** How many users are under way at once. */
const CONCURRENCY = 8

export interface ImportOptions {
  readonly engine: UserEngineService
  readonly context: CommandContext
  readonly applicationId: string
  readonly issuer: string
  /**
   * Whether a user that the directory calls active is reactivated in the tenant. Without it a suspension stays: it may
   * have another reason than the directory.
   */
  readonly reactivates: boolean
  readonly records: AsyncIterable<ScimRecord>
  /** Called once per record when it is done. */
  readonly onDone: (outcome: RecordOutcome) => void
}

export type RecordOutcome =
  | {
      readonly position: number
      readonly outcome: 'created' | 'updated' | 'unchanged'
      readonly userId: string
    }
  | { readonly position: number; readonly outcome: 'refused'; readonly reason: string }

/**
 * Brings every user of a directory into the tenant, each in a transaction of its own: whole or not at all, and safe to
 * repeat. A record that is refused is told and does not stop the others; a store that is gone stops the import.
 */
export async function importUsers(options: ImportOptions): Promise<void> {
  const limit = pLimit(CONCURRENCY)
  const running = new Set<Promise<void>>()
  let failure: unknown = null
  for await (const record of options.records) {
    // A bound on what is read ahead, so that a file of any length takes the same memory.
    while (limit.pendingCount + limit.activeCount >= CONCURRENCY * 4) await Promise.race(running)
    if (failure !== null) break
    const task = limit(() => importRecord(record, options))
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => running.delete(task))
    running.add(task)
  }
  await Promise.all(running)
  if (failure !== null) throw failure
}

async function importRecord(record: ScimRecord, options: ImportOptions): Promise<void> {
  const { position, content } = record
  if (!content.ok) return options.onDone({ position, outcome: 'refused', reason: content.reason })
  try {
    const wanted = toProvisioning(content.value, options)
    const { outcome, userId } = await retryTransient(() => provision(wanted, options))
    options.onDone({ position, outcome, userId })
  } catch (error) {
    const reason = refusalOf(error)
    if (reason === null) throw error
    options.onDone({ position, outcome: 'refused', reason })
  }
}

async function provision(wanted: WantedUser, options: ImportOptions): Promise<ProvisionedUser> {
  const { input, active } = wanted
  const { engine, context, reactivates } = options
  if (active === null || (active && !reactivates)) return await engine.provisionUser(context, input)
  // One transaction, so that a user who is not active is never there as an active one.
  return await engine.transaction(context, async (inner) => {
    const provisioned = await inner.provisionUser(context, input)
    const isChanged = await switchPresence(provisioned.tenantAccountId, active, { context, engine: inner })
    return isChanged && provisioned.outcome === 'unchanged'
      ? { ...provisioned, outcome: 'updated' }
      : provisioned
  })
}

/** Suspends or reactivates a user's presence in the tenant where it is the other one. Tells whether it did. */
async function switchPresence(
  id: Id,
  active: boolean,
  { engine, context }: Pick<ImportOptions, 'engine' | 'context'>,
): Promise<boolean> {
  const tenantAccount = await engine.tenantAccounts.get(context, { id })
  if (tenantAccount?.status !== (active ? 'suspended' : 'active')) return false
  const expectedVersion = tenantAccount.version
  await engine.tenantAccounts[active ? 'reactivate' : 'suspend'](context, { id, expectedVersion })
  return true
}

/** Why a record was refused, for people and without its values; `null` when it is not the record that is at fault. */
function refusalOf(error: unknown): string | null {
  if (isUserEngineError(error, 'VALIDATION')) return `not valid at ${describe(error.data.issues)}`
  if (isUserEngineError(error, 'CATALOG_VIOLATION'))
    return `${error.data.attribute} is not valid: ${describe(error.data.issues)}`
  if (isUserEngineError(error, 'DUPLICATE_IDENTITY'))
    return 'the identity belongs to a user outside of this tenant'
  if (isUserEngineError(error, 'INVALID_STATE')) return `the ${error.data.entity} is ${error.data.state}`
  return null
}

function describe(issues: readonly { readonly path: string; readonly expected: string }[]): string {
  return issues.map(({ path, expected }) => (path === '' ? expected : `${path} (${expected})`)).join(', ')
}
