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
import { repeatWhile } from '../retry/retry-transient.ts'
import { authorize } from './authorize.ts'
import type { CanonicalInput } from './canonical-json.ts'
import type { Command, Query, Refusal } from './command.ts'
import { type CommandContext, type Request, readContext, requireFittingRequest } from './command-context.ts'
import { type CommandRun, createCommandRun } from './command-run.ts'
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

// Somebody who decides again on fresh reads loses only to writers that finished in between, so few tries are many.
const DECIDE_AGAIN = { retries: 12, minDelayMs: 4, maxDelayMs: 500 }

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
    let committed: Committed
    try {
      // Every call in between would cost a turn of the queue of promises.
      committed =
        command.decidesAgainOn === undefined
          ? await this.#unit.transact(run.scope, (tx) => command.perform(tx, parsed, run), options)
          : await this.#decide(command, { input: parsed, run, options })
    } catch (error) {
      if (isUserEngineError(error)) await this.#recordRefusal(run, error)
      throw error
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

  /** Runs a command that decides, again where somebody else was only faster. */
  #decide<Input, Result, Committed>(
    command: Command<Input, Result, Committed>,
    { input, run, options }: Attempt<Input>,
  ): Promise<Committed> {
    let tries = 0
    let thrownByCommand: unknown
    const refuse = (error: unknown): never => {
      thrownByCommand = error
      throw error
    }
    const work = (tx: StoreTransaction): Committed | Promise<Committed> => {
      try {
        const committed = command.perform(tx, input, run)
        return committed instanceof Promise ? committed.catch(refuse) : committed
      } catch (error) {
        return refuse(error)
      }
    }
    const decide = (): Promise<Committed> => {
      tries++
      run.attempt = tries
      return this.#unit.transact(run.scope, work, options)
    }
    // What is retryable concerns the whole transaction: within one, only its owner can run it again.
    const isWorthRepeating = (error: unknown) =>
      isUserEngineError(error) &&
      (error.retryable
        ? this.#unit.outer === null
        : error !== thrownByCommand && command.decidesAgainOn?.(error, input, tries) === true)
    return decide().catch((error) => {
      if (!isWorthRepeating(error)) throw error
      return repeatWhile(isWorthRepeating, decide, DECIDE_AGAIN)
    })
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

interface Attempt<Input> {
  readonly input: Input
  readonly run: CommandRun
  readonly options: TransactOptions | undefined
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
