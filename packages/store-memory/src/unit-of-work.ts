import type { AnyUserEngineError, TenantId } from '@user-engine/store-protocol'
import type { ErrorLog } from './error-log.ts'
import type { Engine } from './memory-backend.ts'
import type { Partition, TenantPartition } from './partition.ts'
import { deadlineExceeded, type RunningUnit, type RunningUnits } from './running-units.ts'

/** What `read` and `transact` start a unit of work with. */
export interface UnitStart {
  readonly engine: Engine
  readonly running: RunningUnits
  readonly errors: ErrorLog
  readonly tenantId: TenantId | null
  readonly timeoutMs: number
}

/** One call of `read` or `transact`, from its start to its end. */
export interface UnitOfWork {
  readonly engine: Engine
  /** The partition of the scope's tenant; `null` in a platform scope. */
  readonly tenant: TenantPartition | null
  /** The partition of the scope: the tenant's, or the platform's. */
  readonly partition: Partition
  /** Whether it has ended or was cut off: nothing that its work still does takes effect. */
  readonly isOver: boolean
  /** Why it was cut off, or `null` when it was not. */
  readonly cutOffBy: AnyUserEngineError | null
  /** The partition of any tenant, or of the platform. */
  partitionOf(tenantId: TenantId): TenantPartition
  partitionOf(tenantId: TenantId | null): Partition
  /** Waits for what the work waits for, at most until the unit is cut off. */
  waitFor<Result>(outcome: PromiseLike<Result>): Promise<Result>
  /** Notes an error that the unit ends with, and returns it. */
  note(error: unknown): unknown
  /** Lets go of everything. */
  end(): void
}

export function startUnit(start: UnitStart): UnitOfWork {
  return new TimedUnit(start)
}

/** Reading the clock costs as much as a small read: calls look at it once in so many. */
const CALLS_PER_LOOK = 32

class TimedUnit implements UnitOfWork, RunningUnit {
  readonly engine: Engine
  readonly tenant: TenantPartition | null
  readonly timeoutMs: number
  readonly deadline: number
  earlier: RunningUnit | null = null
  later: RunningUnit | null = null
  readonly #running: RunningUnits
  readonly #errors: ErrorLog
  #calls = 0
  /** The partitions of other tenants, which a platform scope has written to. */
  #others: Map<TenantId, TenantPartition> | null = null
  #hasEnded = false
  #cutOffBy: AnyUserEngineError | null = null
  #stopWaiting: ((error: unknown) => void) | null = null

  constructor({ engine, running, errors, tenantId, timeoutMs }: UnitStart) {
    this.engine = engine
    this.timeoutMs = timeoutMs
    this.deadline = performance.now() + timeoutMs
    this.#running = running
    this.#errors = errors
    this.tenant = tenantId === null ? null : engine.enter(tenantId)
  }

  get partition(): Partition {
    return this.tenant ?? this.engine.platform
  }

  get isOver(): boolean {
    if (this.#hasEnded || this.#cutOffBy !== null) return true
    // Work that never lets the event loop turn gives no timer a chance to fire.
    return ++this.#calls % CALLS_PER_LOOK === 0 && this.#isLate()
  }

  get cutOffBy(): AnyUserEngineError | null {
    if (this.#cutOffBy === null) this.#isLate()
    return this.#cutOffBy
  }

  #isLate(): boolean {
    if (performance.now() <= this.deadline) return false
    this.cutOff(deadlineExceeded(this))
    return true
  }

  cutOff(error: AnyUserEngineError): void {
    if (this.#cutOffBy !== null) return
    this.#cutOffBy = error
    this.#stopWaiting?.(error)
  }

  partitionOf(tenantId: TenantId): TenantPartition
  partitionOf(tenantId: TenantId | null): Partition
  partitionOf(tenantId: TenantId | null): Partition {
    if (tenantId === null) return this.engine.platform
    if (tenantId === this.tenant?.tenantId) return this.tenant
    this.#others ??= new Map()
    let tenant = this.#others.get(tenantId)
    if (tenant === undefined) {
      tenant = this.engine.enter(tenantId)
      this.#others.set(tenantId, tenant)
    }
    return tenant
  }

  waitFor<Result>(outcome: PromiseLike<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      // Work that was waited for may leave a nested transaction to wait for.
      if (this.#stopWaiting === null) this.#running.add(this)
      this.#stopWaiting = reject
      Promise.resolve(outcome).then(resolve, reject)
      if (this.#cutOffBy !== null) reject(this.#cutOffBy)
    })
  }

  note(error: unknown): unknown {
    this.#errors.note(error)
    return error
  }

  end(): void {
    if (this.#stopWaiting !== null) this.#running.remove(this)
    if (this.tenant !== null) this.engine.leave(this.tenant)
    if (this.#others !== null) for (const tenant of this.#others.values()) this.engine.leave(tenant)
    this.#hasEnded = true
  }
}
