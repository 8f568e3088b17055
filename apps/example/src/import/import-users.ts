import {
  type CommandContext,
  type ProvisionedUser,
  type ProvisioningOutcome,
  retryTransient,
  type UserEngineService,
} from '@user-engine/service'
import { type AnyUserEngineError, type Id, isUserEngineError } from '@user-engine/store-protocol'
import pLimit from 'p-limit'
import type { ScimRecord } from '../scim/read-scim-file.ts'
import { toProvisioning, type WantedUser } from './to-provisioning.ts'

/** How many users go in one transaction, and how many transactions are under way at once. */
const BATCH = 100
const CONCURRENCY = 4

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

/** A record of the file that can be taken for a user. */
interface WantedRecord {
  readonly position: number
  readonly wanted: WantedUser
}

/**
 * Brings every user of a directory into the tenant, many in one transaction: each whole or not at all, and safe to
 * repeat. A record that is refused is told and does not stop the others; a store that is gone stops the import.
 */
export async function importUsers(options: ImportOptions): Promise<void> {
  const limit = pLimit(CONCURRENCY)
  const running = new Set<Promise<void>>()
  let failure: unknown = null
  const start = (work: () => Promise<void>) => {
    const task = limit(work)
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => running.delete(task))
    running.add(task)
  }
  let batch: WantedRecord[] = []
  const startBatch = () => {
    const records = batch
    batch = []
    if (records.length > 0) start(() => importTogether(records, options))
  }
  for await (const record of options.records) {
    // A bound on what is read ahead, so that a file of any length takes the same memory.
    while (running.size > CONCURRENCY) await Promise.race(running)
    if (failure !== null) break
    const wanted = readRecord(record, options)
    if (wanted === null) continue
    if (switchesPresence(wanted, options)) start(() => importAlone(wanted, options))
    else batch.push(wanted)
    if (batch.length >= BATCH) startBatch()
  }
  if (failure === null) startBatch()
  await Promise.all(running)
  if (failure !== null) throw failure
}

/** What the record asks for; `null` when it was refused. */
function readRecord({ position, content }: ScimRecord, options: ImportOptions): WantedRecord | null {
  const refuse = (reason: string) => {
    options.onDone({ position, outcome: 'refused', reason })
    return null
  }
  if (!content.ok) return refuse(content.reason)
  try {
    return { position, wanted: toProvisioning(content.value, options) }
  } catch (error) {
    const reason = isUserEngineError(error) ? reasonOf(error) : null
    if (reason === null) throw error
    return refuse(reason)
  }
}

function switchesPresence({ wanted: { active } }: WantedRecord, { reactivates }: ImportOptions): boolean {
  return active === false || (active === true && reactivates)
}

async function importTogether(records: readonly WantedRecord[], options: ImportOptions): Promise<void> {
  const { engine, context, onDone } = options
  const users = records.map(({ wanted }) => wanted.input)
  const outcomes = await retryTransient(() => engine.provisionUsers(context, { users }))
  for (const [index, { position }] of records.entries()) {
    const outcome = outcomes[index]
    if (outcome !== undefined) onDone({ position, ...tellOf(outcome) })
  }
}

async function importAlone({ position, wanted }: WantedRecord, options: ImportOptions): Promise<void> {
  const provisioned = await retryTransient(() => provisionWithPresence(wanted, options)).catch(
    (error: unknown): ProvisioningOutcome => {
      if (isUserEngineError(error)) return { outcome: 'refused', error }
      throw error
    },
  )
  options.onDone({ position, ...tellOf(provisioned) })
}

// One transaction, so that a user who is not active is never there as an active one.
async function provisionWithPresence(wanted: WantedUser, options: ImportOptions): Promise<ProvisionedUser> {
  const { engine, context } = options
  return await engine.transaction(context, async (inner) => {
    const provisioned = await inner.provisionUser(context, wanted.input)
    const isActive = wanted.active === true
    const isChanged = await switchPresence(provisioned.tenantAccountId, isActive, { context, engine: inner })
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

type Told =
  | { readonly outcome: 'created' | 'updated' | 'unchanged'; readonly userId: string }
  | { readonly outcome: 'refused'; readonly reason: string }

/** @throws the error of a refusal when it is not the record that is at fault. */
function tellOf(outcome: ProvisioningOutcome): Told {
  if (outcome.outcome !== 'refused') return { outcome: outcome.outcome, userId: outcome.userId }
  const reason = reasonOf(outcome.error)
  if (reason === null) throw outcome.error
  return { outcome: 'refused', reason }
}

/** Why a record was refused, for people and without its values; `null` when it is not the record that is at fault. */
function reasonOf(error: AnyUserEngineError): string | null {
  switch (error.code) {
    case 'VALIDATION':
      return `not valid at ${describe(error.data.issues)}`
    case 'CATALOG_VIOLATION':
      return `${error.data.attribute} is not valid: ${describe(error.data.issues)}`
    case 'DUPLICATE_IDENTITY':
      return 'the identity belongs to a user outside of this tenant'
    case 'INVALID_STATE':
      return `the ${error.data.entity} is ${error.data.state}`
    default:
      return null
  }
}

function describe(issues: readonly { readonly path: string; readonly expected: string }[]): string {
  return issues.map(({ path, expected }) => (path === '' ? expected : `${path} (${expected})`)).join(', ')
}
