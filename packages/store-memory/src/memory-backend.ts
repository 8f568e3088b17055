import { type TenantId, UserEngineError } from '@user-engine/store-protocol'
import { createSystemClock, type MemoryClock } from './clock.ts'
import { createJournal, type Journal } from './journal.ts'
import { createOutboxQueue, type OutboxQueue } from './outbox-queue.ts'
import {
  createPlatformPartition,
  createTenantPartition,
  isEmptyPartition,
  type PlatformPartition,
  type TenantPartition,
} from './partition.ts'

/** What memory stores keep their records in. Stores that are created on one backend see each other's commits [LIF-01]. */
export interface MemoryBackend {
  /** The clock of leases, of the outbox's ages and of the instants in diagnostics. */
  readonly clock: MemoryClock
}

export interface MemoryBackendOptions {
  /** Default: the system's clock. */
  readonly clock?: MemoryClock
}

/** The inside of a {@link MemoryBackend}. */
export interface Engine {
  readonly clock: MemoryClock
  readonly platform: PlatformPartition
  readonly queue: OutboxQueue
  readonly journal: Journal
  readonly tenantCount: number
  /** How many commits have changed records; tells a transaction whether anybody else committed while it ran. */
  commits: number
  /** Opens the partition of a tenant; every opening is followed by one {@link Engine.leave}. */
  enter(tenantId: TenantId): TenantPartition
  /** Lets go of a partition; one that holds nothing is forgotten, so that reading leaves no trace. */
  leave(tenant: TenantPartition): void
}

const ENGINES = new WeakMap<MemoryBackend, Engine>()

/** Makes an empty backend; several stores may share it. */
export function createMemoryBackend(options: MemoryBackendOptions = {}): MemoryBackend {
  const clock = options.clock ?? createSystemClock()
  const backend: MemoryBackend = Object.freeze({ clock })
  ENGINES.set(backend, new PartitionedEngine(clock))
  return backend
}

/** @throws UserEngineError `VALIDATION` for anything that {@link createMemoryBackend} has not made. */
export function engineOf(backend: MemoryBackend): Engine {
  const engine = ENGINES.get(backend)
  if (engine !== undefined) return engine
  throw new UserEngineError('VALIDATION', {
    issues: [{ path: 'backend', expected: 'a backend made by createMemoryBackend' }],
  })
}

class PartitionedEngine implements Engine {
  readonly clock: MemoryClock
  readonly platform = createPlatformPartition()
  readonly journal = createJournal()
  readonly queue: OutboxQueue
  readonly #tenants = new Map<TenantId, TenantPartition>()
  commits = 0

  constructor(clock: MemoryClock) {
    this.clock = clock
    this.queue = createOutboxQueue({ now: () => clock.now(), journal: this.journal })
  }

  get tenantCount(): number {
    return this.#tenants.size
  }

  enter(tenantId: TenantId): TenantPartition {
    let tenant = this.#tenants.get(tenantId)
    if (tenant === undefined) {
      tenant = createTenantPartition(tenantId, this.platform)
      this.#tenants.set(tenantId, tenant)
    }
    tenant.users++
    return tenant
  }

  leave(tenant: TenantPartition): void {
    tenant.users--
    if (tenant.users === 0 && isEmptyPartition(tenant)) this.#tenants.delete(tenant.tenantId)
  }
}
