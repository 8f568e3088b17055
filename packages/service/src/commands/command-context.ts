import {
  type Actor,
  actorSchema,
  auditRecordSchema,
  idempotencySchema,
  parseScope,
  type Scope,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'

/** Where, by whom and in which connection something is done: the first argument of every command and query. */
export interface CommandContext {
  /** A tenant, or the platform with a reason. There is no default [SHP-01]. */
  readonly scope: Scope
  /** Who does it, as the authentication in front of this service found out. */
  readonly actor: Actor
  /** Ties audit records, events and logs of one request together; default a new id, or that of the outer transaction. */
  readonly correlationId?: string | undefined
  /** What caused this command, for example the id of an event; default none. */
  readonly causationId?: string | undefined
  /**
   * Makes a repeated command return its first result instead of doing it again [TXN-04]. Good within its scope and for
   * the same action and input. Queries ignore it; within a transaction only the outer context may carry it.
   */
  readonly idempotencyKey?: string | undefined
  /** The time limit in milliseconds; default and maximum are in the store's manifest [TXN-11]. */
  readonly timeoutMs?: number | undefined
}

/** A context that has been checked. */
export interface Request {
  readonly scope: Scope
  readonly actor: Actor
  readonly correlationId: string | undefined
  readonly causationId: string | null
  readonly idempotencyKey: string | undefined
  readonly timeoutMs: number | undefined
}

const contextSchema = z.strictObject({
  scope: z.unknown(),
  actor: actorSchema,
  correlationId: auditRecordSchema.shape.correlationId.unwrap().optional(),
  causationId: auditRecordSchema.shape.causationId.unwrap().optional(),
  idempotencyKey: idempotencySchema.shape.key.optional(),
  timeoutMs: z.int().min(1).optional(),
})

/**
 * Checks a context before anybody is asked and anything is sent.
 * @throws UserEngineError `SCOPE_INVALID` [TEN-05]; `VALIDATION` [VAL-02].
 */
export function readContext(context: CommandContext): Request {
  const scope = parseScope(context?.scope)
  const { actor, correlationId, causationId, idempotencyKey, timeoutMs } = validate(contextSchema, context)
  return { scope, actor, correlationId, causationId: causationId ?? null, idempotencyKey, timeoutMs }
}

/** What a request within a transaction takes over from the outer one. */
export interface OuterRequest {
  readonly scope: Scope
  readonly correlationId: string
}

/**
 * Checks that a request fits the transaction it is made in: one transaction has one scope, one time limit and one
 * idempotency key, so what an inner context says about them must not be dropped in silence.
 * @throws UserEngineError `SCOPE_INVALID`; `VALIDATION`.
 */
export function requireFittingRequest(request: Request, outer: OuterRequest): void {
  if (!isSameScope(request.scope, outer.scope)) {
    throw new UserEngineError('SCOPE_INVALID', {
      issues: [{ path: 'scope', expected: 'the scope of the outer transaction' }],
    })
  }
  const issues = (['idempotencyKey', 'timeoutMs'] as const)
    .filter((field) => request[field] !== undefined)
    .map((path) => ({ path, expected: 'absent: the context of the outer transaction carries it' }))
  if (issues.length > 0) throw new UserEngineError('VALIDATION', { issues })
}

function isSameScope(one: Scope, other: Scope): boolean {
  return 'tenantId' in one ? 'tenantId' in other && one.tenantId === other.tenantId : 'platform' in other
}
