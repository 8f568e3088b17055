// Units of work: how a callback becomes a transaction of the session, how it ends, and what of it is nested.
import {
  type AccountReader,
  type AccountWriter,
  type ApplicationBindingReader,
  type ApplicationBindingWriter,
  type ApplicationReader,
  type ApplicationWriter,
  type AuditAppender,
  type AuditReader,
  type CatalogReader,
  type CatalogWriter,
  type ExternalIdentityReader,
  type ExternalIdentityWriter,
  findJsonIssue,
  type MembershipReader,
  type MembershipWriter,
  type OutboxAppender,
  type OutboxReader,
  type ProfileValueReader,
  type ProfileValueWriter,
  type RecordCounts,
  type StoreTransaction,
  type TenantAccountReader,
  type TenantAccountWriter,
  UserEngineError,
  type UserReader,
  type UserWriter,
} from '@user-engine/store-protocol'
import { createAccounts } from './accounts.ts'
import { createApplicationBindings } from './application-bindings.ts'
import { createApplications } from './applications.ts'
import { createAudit } from './audit.ts'
import { MAX_NESTING } from './capabilities.ts'
import { createCatalogs } from './catalogs.ts'
import { isUsedIdempotencyKey } from './connection/map-error.ts'
import { createExternalIdentities } from './external-identities.ts'
import { SessionHandle } from './handle.ts'
import type { IdempotencyRecord } from './idempotency.ts'
import type { Interruption } from './interruption.ts'
import { createMemberships } from './memberships.ts'
import { createOutbox } from './outbox.ts'
import { createProfileValues } from './profile-values.ts'
import { countRecords } from './record-counts.ts'
import type { Session } from './session.ts'
import type { Statements } from './statements.ts'
import { createTenantAccounts } from './tenant-accounts.ts'
import { TrackedPromise } from './tracked-promise.ts'
import { createUsers } from './users.ts'

export type Work<Result> = (tx: StoreTransaction) => Result | Promise<Result>

/** A transaction failed because its idempotency key had been used: the caller looks up what for. */
export const KEY_ALREADY_USED = Symbol('key already used')

interface UnitOfWork<Result> {
  readonly handle: SessionHandle
  readonly statements: Statements
  readonly work: Work<Result>
  readonly interruption: Interruption
  readonly idempotency: IdempotencyRecord | null
}

/** Runs `work` and commits it, or undoes it and rejects with why. */
export async function runTransaction<Result>(
  unit: UnitOfWork<Result>,
): Promise<Result | typeof KEY_ALREADY_USED> {
  const { handle, idempotency } = unit
  const { session } = handle
  const tx = new PostgresTransaction(handle, unit.statements)
  try {
    if (idempotency !== null) session.write({ call: idempotency.reserve, subject: null })
    const returned = unit.work(tx)
    if (isWholeUnit(session, returned)) return await commitWhole(unit, tx, returned)
    const result = await unit.interruption.race(returned)
    if (tx.isNesting) await unit.interruption.race(tx.settled())
    handle.setState('ended')
    if (session.failure !== null) throw handle.outcomeOf(session.failure)
    await session.commit(idempotency === null ? [] : [idempotency.complete(jsonResult(result))])
    return result
  } catch (error) {
    handle.setState('ended')
    const isUsedKey = isUsedIdempotencyKey(session.failure?.cause)
    const undone = session.rollback()
    // Whoever ran out of time does not wait for the server as well.
    if (unit.interruption.reason === null) await undone
    if (isUsedKey) return KEY_ALREADY_USED
    throw error
  }
}

/** Runs `work` on a read-only session. Nobody waits for its end: it can change nothing. */
export async function runRead<Result>(unit: Omit<UnitOfWork<Result>, 'idempotency'>): Promise<Result> {
  const { handle } = unit
  const { session } = handle
  try {
    const returned = unit.work(new PostgresTransaction(handle, unit.statements))
    if (isWholeUnit(session, returned)) {
      handle.setState('ended')
      await session.commit()
      return await returned
    }
    return await unit.interruption.race(returned)
  } finally {
    handle.setState('ended')
    void session.rollback()
  }
}

// A callback that returned a plain value, or the promise of a read that is still queued, has made all its calls:
// whatever it asked for can be sent together with the commit.
function isWholeUnit<Result>(session: Session, returned: Result | Promise<Result>): boolean {
  return session.isQueuedRead(returned) || !isThenable(returned)
}

async function commitWhole<Result>(
  unit: UnitOfWork<Result>,
  tx: PostgresTransaction,
  returned: Result | Promise<Result>,
): Promise<Result> {
  const { handle, idempotency } = unit
  const { session } = handle
  // Only if it must: a turn of the microtask queue would send the queued reads without the commit.
  if (tx.isNesting) await tx.settled()
  handle.setState('ended')
  if (session.failure !== null) throw handle.outcomeOf(session.failure)
  if (idempotency === null) {
    await session.commit()
    return await returned
  }
  if (!isThenable(returned)) {
    idempotency.fillResult(jsonResult(returned))
    await session.commit()
    return returned
  }
  // The result comes from the database, so the key is completed in a second batch.
  const result = await returned
  await session.commit([idempotency.complete(jsonResult(result))])
  return result
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function jsonResult(result: unknown): unknown {
  const issue = result === undefined ? null : findJsonIssue(result)
  if (issue === null) return result
  const path = issue.path === '' ? 'result' : `result.${issue.path}`
  throw new UserEngineError('VALIDATION', { issues: [{ path, expected: issue.expected }] })
}

class PostgresTransaction implements StoreTransaction {
  readonly #handle: SessionHandle
  readonly #sql: Statements
  #users?: UserReader & UserWriter
  #accounts?: AccountReader & AccountWriter
  #tenantAccounts?: TenantAccountReader & TenantAccountWriter
  #externalIdentities?: ExternalIdentityReader & ExternalIdentityWriter
  #applications?: ApplicationReader & ApplicationWriter
  #applicationBindings?: ApplicationBindingReader & ApplicationBindingWriter
  #catalogs?: CatalogReader & CatalogWriter
  #profileValues?: ProfileValueReader & ProfileValueWriter
  #memberships?: MembershipReader & MembershipWriter
  #audit?: AuditReader & AuditAppender
  #outbox?: OutboxReader & OutboxAppender
  #nested: TrackedPromise<unknown> | null = null

  constructor(handle: SessionHandle, statements: Statements) {
    this.#handle = handle
    this.#sql = statements
  }

  get users() {
    this.#users ??= createUsers(this.#handle, this.#sql.users)
    return this.#users
  }

  get accounts() {
    this.#accounts ??= createAccounts(this.#handle, this.#sql.accounts)
    return this.#accounts
  }

  get tenantAccounts() {
    this.#tenantAccounts ??= createTenantAccounts(this.#handle, this.#sql.tenantAccounts)
    return this.#tenantAccounts
  }

  get externalIdentities() {
    this.#externalIdentities ??= createExternalIdentities(this.#handle, this.#sql.externalIdentities)
    return this.#externalIdentities
  }

  get applications() {
    this.#applications ??= createApplications(this.#handle)
    return this.#applications
  }

  get applicationBindings() {
    this.#applicationBindings ??= createApplicationBindings(this.#handle, this.#sql.applicationBindings)
    return this.#applicationBindings
  }

  get catalogs() {
    this.#catalogs ??= createCatalogs(this.#handle)
    return this.#catalogs
  }

  get profileValues() {
    this.#profileValues ??= createProfileValues(this.#handle, this.#sql.profileValues)
    return this.#profileValues
  }

  get memberships() {
    this.#memberships ??= createMemberships(this.#handle, this.#sql.memberships)
    return this.#memberships
  }

  get audit() {
    this.#audit ??= createAudit(this.#handle, this.#sql.audit)
    return this.#audit
  }

  get outbox() {
    this.#outbox ??= createOutbox(this.#handle, this.#sql.outbox)
    return this.#outbox
  }

  countRecords(): Promise<RecordCounts> {
    return countRecords(this.#handle, this.#sql.recordCounts)
  }

  transact<Result>(work: Work<Result>): Promise<Result> {
    try {
      this.#handle.assertWritable()
      if (this.#handle.session.depth >= MAX_NESTING) {
        throw new UserEngineError('NOT_SUPPORTED', { capability: 'transactions.maxNesting' })
      }
    } catch (error) {
      return TrackedPromise.rejected(error)
    }
    this.#handle.setState('busy')
    const nested = TrackedPromise.of(this.#runNested(work))
    this.#nested = nested
    return nested
  }

  /** Whether a nested transaction may still be under way. */
  get isNesting(): boolean {
    return this.#nested !== null
  }

  /** Waits for a nested transaction that nobody awaited; its failure counts as seen only if somebody looked. */
  async settled(): Promise<void> {
    const nested = this.#nested
    if (nested === null) return
    const wasSeen = nested.wasSeen
    await nested.catch((error: unknown) => {
      if (!wasSeen) throw error
    })
  }

  /** Waits until no nested transaction is under way, whatever came of it. */
  async nestedEnded(): Promise<void> {
    await this.#nested?.catch(() => {})
  }

  async #runNested<Result>(work: Work<Result>): Promise<Result> {
    const outer = this.#handle
    const { session, tenantId, prisma, inserted } = outer
    const handle = new SessionHandle({ session, tenantId, prisma, inserted, outer })
    const tx = new PostgresTransaction(handle, this.#sql)
    session.enter()
    try {
      const result = await work(tx)
      if (tx.isNesting) await tx.settled()
      handle.setState('ended')
      if (session.failure !== null) throw handle.outcomeOf(session.failure)
      await session.leave()
      for (const kind of ['users', 'accounts'] as const)
        inserted[kind].push(...handle.inserted[kind].slice(inserted[kind].length))
      return result
    } catch (error) {
      handle.setState('ended')
      // What it nested and did not await is undone with it, and has to be out of the way first.
      await tx.nestedEnded()
      await session.undo()
      throw error
    } finally {
      // A transaction that has ended meanwhile stays ended.
      if (outer.isBusy) outer.setState('open')
    }
  }
}
