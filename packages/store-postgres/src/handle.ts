// What the roles of a transaction or a read share: whether the handle may still be used, the scope, and how a call
// becomes a statement of the session.
import {
  type EntityKind,
  isUserEngineError,
  type TenantId,
  UserEngineError,
} from '@user-engine/store-protocol'
import type { BulkInsert } from './batch-plan.ts'
import type { StatementSubject } from './connection/map-error.ts'
import type { Parameter, Row, Statement, StatementCall } from './connection/statement.ts'
import type { PrismaClient } from './generated/client.ts'
import type { PrismaRunner } from './prisma-runner.ts'
import { abortedBy, type Session } from './session.ts'
import { FIRST_PREVIEW_POSITION, type PlannedAppend, type PlannedWrite } from './session-levels.ts'
import type { InsertStatements } from './sql/insert-statements.ts'
import { TrackedPromise } from './tracked-promise.ts'

/** A statement for each kind of scope. */
export interface ScopedStatement {
  readonly tenant: Statement
  readonly platform: Statement
}

/** An insert for each kind of scope. */
export interface ScopedInsert {
  readonly tenant: InsertStatements
  readonly platform: InsertStatements
}

/** A read with how its rows become a result. */
export interface PlannedRead<Result> {
  readonly call: StatementCall
  readonly parse: (rows: readonly Row[]) => Result
}

/** A write with model calls. */
export interface PlannedModelChange {
  readonly subject: StatementSubject
  readonly work: (prisma: PrismaClient) => Promise<void>
}

/** Ids of users and accounts, in the order of their inserts. */
export interface InsertedIds {
  readonly users: string[]
  readonly accounts: string[]
}

/** The side of a transaction or read that the roles work with. */
export interface Handle {
  /** The tenant of the scope; `null` for the platform. */
  readonly tenantId: TenantId | null
  /** What this transaction inserted and its tenant sees before it has a tenant account. */
  readonly inserted: InsertedIds
  /** Sends a read. Errors of `plan` reject the call and leave the transaction as it is. */
  read<Result>(plan: () => PlannedRead<Result>): Promise<Result>
  /** Sends a read that must see the appends of its own transaction [TXN-06]. */
  readAppends<Result>(plan: () => PlannedRead<Result>): Promise<Result>
  /** Queues a write. Errors of `plan` reject the call and abort the transaction. */
  write(plan: () => PlannedWrite): Promise<void>
  /** Queues an append for the commit. Errors of `plan` reject the call and abort the transaction. */
  append(plan: () => PlannedAppend): Promise<void>
  /** Whether a position of a log is a committed one, or that of an append of this very transaction. */
  isKnownPosition(position: number): boolean
  /** Reads with model calls of the Prisma client, inside the transaction. */
  queryModel<Result>(plan: () => (prisma: PrismaClient) => Promise<Result>): Promise<Result>
  /** Writes with model calls of the Prisma client, inside the transaction. */
  changeModel(plan: () => PlannedModelChange): Promise<void>
  /** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope. */
  requireTenant(entity: EntityKind): TenantId
  /** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a tenant scope. */
  requirePlatform(entity: EntityKind): void
}

const TAKEN_OVER = Promise.resolve()

export class SessionHandle implements Handle {
  readonly tenantId: TenantId | null
  readonly inserted: InsertedIds
  readonly session: Session
  readonly #prisma: PrismaRunner
  readonly #readOnly: boolean
  readonly #outer: SessionHandle | null
  #state: 'open' | 'busy' | 'ended' = 'open'
  #failedCall: TrackedPromise<never> | null = null

  constructor(options: {
    readonly session: Session
    readonly tenantId: TenantId | null
    readonly prisma: PrismaRunner
    readonly readOnly?: boolean
    readonly inserted?: InsertedIds
    /** The handle of the transaction that it is nested in. */
    readonly outer?: SessionHandle
  }) {
    this.session = options.session
    this.tenantId = options.tenantId
    this.#prisma = options.prisma
    this.#readOnly = options.readOnly ?? false
    this.#outer = options.outer ?? null
    const { users = [], accounts = [] } = options.inserted ?? {}
    this.inserted = { users: [...users], accounts: [...accounts] }
  }

  get prisma(): PrismaRunner {
    return this.#prisma
  }

  get isBusy(): boolean {
    return this.#state === 'busy'
  }

  /** Whether it has ended, or what it is nested in. */
  get isEnded(): boolean {
    return this.#state === 'ended' || this.#outer?.isEnded === true
  }

  setState(state: 'open' | 'busy' | 'ended'): void {
    this.#state = state
  }

  /** @throws UserEngineError `TRANSACTION_ENDED` or `TRANSACTION_BUSY` [TXN-08]; `TRANSACTION_ABORTED` after a failure. */
  assertUsable(): void {
    if (this.isEnded) throw new UserEngineError('TRANSACTION_ENDED', {})
    if (this.#state === 'busy') throw new UserEngineError('TRANSACTION_BUSY', {})
    const { failure } = this.session
    if (failure !== null) throw this.outcomeOf(failure)
  }

  /** @throws UserEngineError as {@link assertUsable}; `NOT_SUPPORTED` inside a read, whose type has no writes. */
  assertWritable(): void {
    this.assertUsable()
    if (this.#readOnly) throw new UserEngineError('NOT_SUPPORTED', { capability: 'writes inside a read' })
  }

  /**
   * What a transaction ends with after a failure: the failure itself when `work` never saw it, and otherwise the
   * news that what it swallowed has aborted the transaction [TXN-03, TXN-10].
   */
  outcomeOf(failure: UserEngineError): UserEngineError {
    const wasSeen = this.#failedCall === null ? this.session.isFailureTold : this.#failedCall.wasSeen
    return wasSeen ? abortedBy(failure) : failure
  }

  read<Result>(plan: () => PlannedRead<Result>): Promise<Result> {
    try {
      this.assertUsable()
      const { call, parse } = plan()
      return this.session.read(call, parse)
    } catch (error) {
      return this.#reject(error)
    }
  }

  readAppends<Result>(plan: () => PlannedRead<Result>): Promise<Result> {
    try {
      this.assertUsable()
      const { call, parse } = plan()
      return this.session.readWithAppends(call, parse)
    } catch (error) {
      return this.#reject(error)
    }
  }

  isKnownPosition(position: number): boolean {
    return position < FIRST_PREVIEW_POSITION || this.session.isPreviewed(position)
  }

  write(plan: () => PlannedWrite): Promise<void> {
    try {
      this.assertWritable()
      this.session.write(plan())
      return TAKEN_OVER
    } catch (error) {
      return this.#abort(error)
    }
  }

  append(plan: () => PlannedAppend): Promise<void> {
    try {
      this.assertWritable()
      this.session.append(plan())
      return TAKEN_OVER
    } catch (error) {
      return this.#abort(error)
    }
  }

  queryModel<Result>(plan: () => (prisma: PrismaClient) => Promise<Result>): Promise<Result> {
    try {
      this.assertUsable()
      return this.#onConnection(null, plan())
    } catch (error) {
      return this.#reject(error)
    }
  }

  changeModel(plan: () => PlannedModelChange): Promise<void> {
    try {
      this.assertWritable()
      const { subject, work } = plan()
      return this.#onConnection(subject, work)
    } catch (error) {
      return this.#abort(error)
    }
  }

  #onConnection<Result>(
    subject: StatementSubject | null,
    work: (prisma: PrismaClient) => Promise<Result>,
  ): Promise<Result> {
    const result = this.session.exclusive(subject, (connection) => this.#prisma.run(connection, work))
    result.catch(() => {})
    return result
  }

  requireTenant(entity: EntityKind): TenantId {
    if (this.tenantId === null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'tenant' })
    return this.tenantId
  }

  requirePlatform(entity: EntityKind): void {
    if (this.tenantId !== null)
      throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'platform' })
  }

  /** Rejects a call; one that passes on what nobody has seen yet is from now on what has to be seen. */
  #reject(error: unknown): Promise<never> {
    const rejected = TrackedPromise.rejected(error)
    if (error === this.session.failure) this.#failedCall = rejected
    return rejected
  }

  /** Rejects a write, which fails its transaction. */
  #abort(error: unknown): Promise<never> {
    const isStateError = isUserEngineError(error) && STATE_ERRORS.has(error.code)
    if (isUserEngineError(error) && !isStateError && this.session.failure === null) this.session.fail(error)
    return this.#reject(error)
  }
}

const STATE_ERRORS = new Set(['TRANSACTION_ENDED', 'TRANSACTION_BUSY', 'TRANSACTION_ABORTED'])

/** The statement for the kind of scope, with the tenant as its last parameter where there is one. */
export function scoped(handle: Handle, statement: ScopedStatement, values: Parameter[]): StatementCall {
  return handle.tenantId === null
    ? { statement: statement.platform, values }
    : { statement: statement.tenant, values: [...values, handle.tenantId] }
}

/** The insert of one record, alone and with others; `parent` is the record that must be there before. */
export function planInsert(
  { one, many, types }: InsertStatements,
  values: Parameter[],
  parent: BulkInsert['parent'] = null,
): { readonly call: StatementCall; readonly bulk: BulkInsert } {
  return { call: { statement: one, values }, bulk: { many, types, parent } }
}

/** The same for each kind of scope, with the tenant as the last parameter where there is one. */
export function planInsertUnder(
  handle: Handle,
  statements: ScopedInsert,
  insert: { readonly values: Parameter[]; readonly parent: BulkInsert['parent'] },
): ReturnType<typeof planInsert> {
  const { values, parent } = insert
  const { tenantId } = handle
  if (tenantId === null) return planInsert(statements.platform, values, parent)
  const { call, bulk } = planInsert(statements.tenant, values, parent)
  return { call: { ...call, values: [...values, tenantId] }, bulk }
}
