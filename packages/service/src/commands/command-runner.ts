import {
  type AnyUserEngineError,
  type AuditRecord,
  isUserEngineError,
  type Scope,
  type StoreTransaction,
  type TransactOptions,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import type { CompiledCatalogs } from '../catalogs/compiled-catalogs.ts'
import type { AuthorizationPort, Decision } from '../ports/authorization-port.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdGenerator } from '../ports/id-generator.ts'
import { authorize } from './authorize.ts'
import type { CanonicalInput } from './canonical-json.ts'
import type { Command, Query, Refusal } from './command.ts'
import { type CommandContext, type Request, readContext, requireFittingRequest } from './command-context.ts'
import { type CommandRun, createCommandRun } from './command-run.ts'
import { decideAgain, type FailedCommand, type Outcome, THROWN } from './decide-again.ts'
import { fingerprintRequest } from './request-fingerprint.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** What every command and query runs with. */
export interface CommandEnvironment {
  readonly authorization: AuthorizationPort
  readonly clock: Clock
  readonly ids: IdGenerator
  readonly catalogs: CompiledCatalogs
}

/** Runs commands and queries: validation, then authorization, then one unit of work. */
export interface CommandRunner {
  runCommand<Input, Result, Committed>(
    command: Command<Input, Result, Committed>,
    context: CommandContext,
    input: unknown,
  ): Promise<Result>
  runQuery<Input, Result>(
    query: Query<Input, Result>,
    context: CommandContext,
    input: unknown,
  ): Promise<Result>
}

// What the domain refuses after the caller was allowed to try; worth knowing for whoever reads the audit log.
const RECORDED_REFUSALS: ReadonlySet<string> = new Set([
  'DUPLICATE_IDENTITY',
  'INVALID_STATE',
  'CATALOG_VIOLATION',
])

export function createCommandRunner(environment: CommandEnvironment, unit: UnitOfWork): CommandRunner {
  return new Runner(environment, unit)
}

class Runner implements CommandRunner {
  readonly #environment: CommandEnvironment
  readonly #unit: UnitOfWork

  constructor(environment: CommandEnvironment, unit: UnitOfWork) {
    this.#environment = environment
    this.#unit = unit
  }

  async runCommand<Input, Result, Committed>(
    command: Command<Input, Result, Committed>,
    context: CommandContext,
    input: unknown,
  ): Promise<Result> {
    const request = this.#readRequest(context)
    const parsed = validate(command.input, input)
    const run = this.#startRun(command, request, parsed)
    const decision = this.#ask(command, run, parsed)
    if (isPending(decision) || !decision.allowed) await this.#requireAllowed(run, await decision)

    const options = transactOptions(request, command.action, parsed)
    let outcome: Outcome<Committed>
    // Every call in between, and every promise, would cost a turn of the queue of promises.
    const work = (tx: StoreTransaction): Committed | Promise<Committed> => {
      outcome = THROWN
      const performed = command.perform(tx, parsed, run)
      outcome = performed
      return performed
    }
    let committed: Committed
    try {
      committed = await this.#unit.transact(run.scope, work, options)
    } catch (error) {
      committed = await this.#decideAgain(command, {
        input: parsed,
        run,
        failure: error,
        ownsTransaction: this.#unit.outer === null,
        outcome: () => outcome,
        transact: () => this.#unit.transact(run.scope, work, options),
      })
    }
    const refusals = command.refusals?.(committed) ?? []
    for (const refusal of refusals) await this.#recordRefusal(run, refusal)
    return command.settle(committed)
  }

  async runQuery<Input, Result>(
    query: Query<Input, Result>,
    context: CommandContext,
    input: unknown,
  ): Promise<Result> {
    const request = this.#readRequest(context)
    const parsed = validate(query.input, input)
    const run = this.#startRun(query, request, parsed)
    const decision = this.#ask(query, run, parsed)
    if (isPending(decision) || !decision.allowed) await this.#requireAllowed(run, await decision)

    const { timeoutMs } = request
    const options = timeoutMs === undefined ? undefined : { timeoutMs }
    return await this.#unit.read(request.scope, (reader) => query.perform(reader, parsed, run), options)
  }

  #readRequest(context: CommandContext): Request {
    const request = readContext(context)
    if (this.#unit.outer !== null) requireFittingRequest(request, this.#unit.outer)
    return request
  }

  #startRun<Input>(action: AnyAction<Input>, request: Request, input: Input): CommandRun {
    const { ids, clock, catalogs } = this.#environment
    return createCommandRun({
      scope: request.scope,
      actor: request.actor,
      action: action.action,
      target: action.target(input, () => ids.next()),
      now: clock.now(),
      correlationId: request.correlationId ?? this.#unit.outer?.correlationId ?? ids.next(),
      causationId: request.causationId,
      catalogs,
      ids,
    })
  }

  #ask<Input>(action: AnyAction<Input>, run: CommandRun, input: Input): Decision | Promise<Decision> {
    const { actor, target, scope } = run
    const question = { actor, action: run.action, target, scope }
    return authorize(
      this.#environment.authorization,
      action.audience === undefined ? question : { ...question, audience: action.audience(input) },
    )
  }

  // The denial is durable before the caller learns of it, and nothing else has happened [AUD-03, AUD-05].
  async #requireAllowed(run: CommandRun, decision: Decision): Promise<void> {
    if (decision.allowed) return
    await this.#recordDenial(run.scope, run.refusal('denied', decision.reason))
    throw new UserEngineError('ACCESS_DENIED', { action: run.action, reason: decision.reason })
  }

  /** @throws what the command finally failed with; when the domain refused, that is on record. */
  async #decideAgain<Input, Result, Committed>(
    command: Command<Input, Result, Committed>,
    failed: FailedCommand<Input, Committed>,
  ): Promise<Committed> {
    try {
      return await decideAgain(command, failed)
    } catch (error) {
      if (isUserEngineError(error)) await this.#recordRefusal(failed.run, error)
      throw error
    }
  }

  async #recordRefusal(run: CommandRun, refusal: AnyUserEngineError | Refusal): Promise<void> {
    if (refusal.code === 'ACCESS_DENIED') {
      await this.#recordDenial(run.scope, run.refusal('denied', refusal.data.reason ?? refusal.code))
    } else if (RECORDED_REFUSALS.has(refusal.code)) {
      await this.#recordDenial(run.scope, run.refusal('failed', refusal.code))
    }
  }

  #recordDenial(scope: Scope, record: AuditRecord): Promise<void> {
    return this.#unit.recordDenial(scope, record)
  }
}

type AnyAction<Input> = Pick<Query<Input, unknown>, 'action' | 'input' | 'target' | 'audience'>

function isPending(decision: Decision | Promise<Decision>): decision is Promise<Decision> {
  return 'then' in decision
}

/** The options of a transaction: its time limit, and what makes a retry return the first result [TXN-04]. */
export function transactOptions(
  request: Request,
  action: string,
  input: unknown,
): TransactOptions | undefined {
  const { idempotencyKey, timeoutMs } = request
  if (idempotencyKey === undefined) return timeoutMs === undefined ? undefined : { timeoutMs }
  const fingerprint = fingerprintRequest(action, input as CanonicalInput)
  const idempotency = { key: idempotencyKey, fingerprint }
  return timeoutMs === undefined ? { idempotency } : { idempotency, timeoutMs }
}
