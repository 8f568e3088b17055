import {
  type Actor,
  type AuditRecord,
  type AuditTarget,
  type EntityKind,
  type Id,
  type Instant,
  type Scope,
  type StoreTransaction,
  type TenantId,
  tenantOf,
  UserEngineError,
} from '@user-engine/store-protocol'
import type { CompiledCatalogs } from '../catalogs/compiled-catalogs.ts'
import { EVENT_DEFINITIONS, type EventPayload, type EventType } from '../events/event-definitions.ts'
import type { IdGenerator } from '../ports/id-generator.ts'

/** One change of one record: what its audit record and its event say. */
export interface RecordedChange<Type extends EventType> {
  readonly target: AuditTarget
  /** Default: the action of the command. */
  readonly action?: string
  /** Names of fields or attributes, never their values [DIA-02]. */
  readonly changedFields: readonly string[]
  readonly event: Type
  readonly aggregateId: Id
  readonly payload: EventPayload<Type>
  /** The tenant the change belongs to, when it is not that of the scope. */
  readonly tenantId?: TenantId
}

/** One run of one command or query. */
export interface CommandRun {
  readonly scope: Scope
  /** The tenant of the scope, or `null` for the platform. */
  readonly tenantId: TenantId | null
  readonly actor: Actor
  readonly action: string
  readonly target: AuditTarget
  /** The instant of the command; the same for everything it writes. */
  readonly now: Instant
  readonly correlationId: string
  readonly catalogs: CompiledCatalogs
  /** Which time it is that a command that decides has read and decides, from 1. */
  attempt: number
  newId(): Id
  /** The tenant of the scope. @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope. */
  requireTenant(entity: EntityKind): TenantId
  /** Appends the audit record and the event of one change to its transaction [AUD-02, OBX-01]. */
  record<Type extends EventType>(tx: StoreTransaction, change: RecordedChange<Type>): void
  /** The audit record of a refusal; it belongs to the scope's own log. */
  refusal(outcome: 'denied' | 'failed', reason: string): AuditRecord
}

/** What a run is made of. */
export interface CommandRunParts {
  readonly scope: Scope
  readonly actor: Actor
  readonly action: string
  readonly target: AuditTarget
  readonly now: Instant
  readonly correlationId: string
  readonly causationId: string | null
  readonly catalogs: CompiledCatalogs
  readonly ids: IdGenerator
}

/** Starts the run of one command or query. */
export function createCommandRun(parts: CommandRunParts): CommandRun {
  return new Run(parts)
}

class Run implements CommandRun {
  readonly scope: Scope
  readonly tenantId: TenantId | null
  readonly actor: Actor
  readonly action: string
  readonly target: AuditTarget
  readonly now: Instant
  readonly correlationId: string
  readonly catalogs: CompiledCatalogs
  attempt = 1
  readonly #causationId: string | null
  readonly #ids: IdGenerator

  constructor(parts: CommandRunParts) {
    this.scope = parts.scope
    this.tenantId = tenantOf(parts.scope)
    this.actor = parts.actor
    this.action = parts.action
    this.target = parts.target
    this.now = parts.now
    this.correlationId = parts.correlationId
    this.catalogs = parts.catalogs
    this.#causationId = parts.causationId
    this.#ids = parts.ids
  }

  newId(): Id {
    return this.#ids.next()
  }

  requireTenant(entity: EntityKind): TenantId {
    if (this.tenantId === null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'tenant' })
    return this.tenantId
  }

  record<Type extends EventType>(tx: StoreTransaction, change: RecordedChange<Type>): void {
    const tenantId = change.tenantId ?? this.tenantId
    const { aggregateType, schemaVersion } = EVENT_DEFINITIONS[change.event]
    void tx.audit.append({
      id: this.#ids.next(),
      tenantId,
      occurredAt: this.now,
      actor: this.actor,
      action: change.action ?? this.action,
      target: change.target,
      outcome: 'allowed',
      reason: null,
      changedFields: [...change.changedFields],
      correlationId: this.correlationId,
      causationId: this.#causationId,
    })
    void tx.outbox.append({
      id: this.#ids.next(),
      tenantId,
      aggregateType,
      aggregateId: change.aggregateId,
      type: change.event,
      schemaVersion,
      payload: change.payload,
      occurredAt: this.now,
      correlationId: this.correlationId,
      causationId: this.#causationId,
    })
  }

  refusal(outcome: 'denied' | 'failed', reason: string): AuditRecord {
    return {
      id: this.#ids.next(),
      tenantId: this.tenantId,
      occurredAt: this.now,
      actor: this.actor,
      action: this.action,
      target: this.target,
      outcome,
      reason,
      changedFields: [],
      correlationId: this.correlationId,
      causationId: this.#causationId,
    }
  }
}
