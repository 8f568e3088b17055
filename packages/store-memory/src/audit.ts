import { hash } from 'node:crypto'
import {
  AUDIT_ORDERS,
  type AuditAppender,
  type AuditFilter,
  type AuditOrder,
  type AuditReader,
  type AuditRecord,
  auditRecordSchema,
  deepFreeze,
  type Id,
  instantSchema,
  type Page,
  type PageRequest,
  UserEngineError,
} from '@user-engine/store-protocol'
import {
  acceptChoice,
  acceptId,
  acceptRequest,
  createAccept,
  createAcceptArgument,
  invalid,
} from './accept.ts'
import { matchesFilter } from './audit-log.ts'
import { acceptPage, takePage } from './read-page.ts'
import type { Session } from './session.ts'
import type { AuditSight } from './sight.ts'
import { type Entry, walkEntries } from './walk.ts'

const ENTITY = 'audit-record'

export function createAudit(session: Session): AuditReader & AuditAppender {
  return new Audit(session)
}

/** Checks an audit record and makes a copy of it. @throws UserEngineError `VALIDATION`. */
export const acceptAuditRecord = createAccept(auditRecordSchema)

interface AuditRequest {
  readonly filter?: AuditFilter
  readonly order?: AuditOrder
  readonly page?: PageRequest
}

class Audit implements AuditReader, AuditAppender {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<AuditRecord | null> {
    return this.#session.answer(() => {
      const { log, length, own } = this.#session.sight.audit()
      const position = log.positionOf(acceptId(id))
      if (position !== undefined && position < length) return log.at(position)
      const appended = own.find((record) => record.id === id)
      return appended === undefined ? null : deepFreeze(appended)
    })
  }

  list(request: AuditRequest = {}): Promise<Page<AuditRecord>> {
    return this.#session.answer(() => {
      const { filter = {}, order = 'oldest-first', page } = acceptRequest(request)
      acceptFilter(filter)
      acceptChoice('order', order, AUDIT_ORDERS)
      const list = `audit-records:${digest(order, filter)}`
      const position = acceptPage(list, page)
      const sight = this.#session.sight.audit()
      const places = walk(sight, { order, filter, start: startOf(sight, { order, after: position.after }) })
      return takePage(list, position, walkEntries(places))
    })
  }

  append(input: AuditRecord): Promise<void> {
    return this.#session.perform((overlay) => {
      const record = acceptAuditRecord(input)
      requireAppendable(this.#session.tenantId, { entity: ENTITY, tenantId: record.tenantId })
      overlay.appendAudit(record)
    })
  }
}

/**
 * A tenant scope appends to its own log only; a platform scope to any.
 * @throws UserEngineError `TENANT_BOUNDARY` [TEN-01].
 */
export function requireAppendable(
  scopeTenantId: string | null,
  record: { readonly entity: 'audit-record' | 'outbox-event'; readonly tenantId: string | null },
): void {
  if (scopeTenantId !== null && record.tenantId !== scopeTenantId) {
    throw new UserEngineError('TENANT_BOUNDARY', { entity: record.entity })
  }
}

const FILTERS = {
  actor: createAcceptArgument(auditRecordSchema.shape.actor),
  target: createAcceptArgument(auditRecordSchema.shape.target),
  action: createAcceptArgument(auditRecordSchema.shape.action),
  outcome: createAcceptArgument(auditRecordSchema.shape.outcome),
  from: createAcceptArgument(instantSchema),
  until: createAcceptArgument(instantSchema),
} as const satisfies { readonly [Name in keyof AuditFilter]-?: (value: unknown, path: string) => unknown }

/** A filter with a misspelt name would return everything: it is refused. */
function acceptFilter(filter: AuditFilter): void {
  for (const [name, value] of Object.entries(acceptRequest(filter))) {
    if (!(name in FILTERS)) throw invalid('filter', 'no unknown fields')
    if (value !== undefined) FILTERS[name as keyof AuditFilter](value, `filter.${name}`)
  }
}

/** Ties a cursor to its filters at a fixed length, however long the filtered texts are. */
function digest(order: AuditOrder, { actor, target, action, outcome, from, until }: AuditFilter): string {
  const parts = [order, actor?.type, actor?.id, target?.type, target?.id, action, outcome, from, until]
  const hasFilter = parts.some((part, index) => index > 0 && part !== undefined)
  if (!hasFilter) return order
  return hash('sha256', JSON.stringify(parts), 'base64url')
}

/**
 * Where a walk starts: positions of committed records, and after them those of the unit's own.
 * @throws UserEngineError `CURSOR_INVALID` for a record that is not in sight.
 */
function startOf(
  { log, length, own }: AuditSight,
  { order, after }: { readonly order: AuditOrder; readonly after: string | null },
): number {
  const step = order === 'oldest-first' ? 1 : -1
  if (after === null) return step === 1 ? 0 : length + own.length - 1
  const committed = log.positionOf(after)
  if (committed !== undefined) return committed + step
  const appended = own.findIndex((record) => record.id === after)
  if (appended < 0) throw new UserEngineError('CURSOR_INVALID', { list: 'audit-records' })
  return length + appended + step
}

interface AuditWalk {
  readonly order: AuditOrder
  readonly filter: AuditFilter
  readonly start: number
}

/** The matching records from a position on, keyed by id: a position that is taken today may be another one's tomorrow. */
function* walk(sight: AuditSight, { order, filter, start }: AuditWalk): Iterable<Entry<string, AuditRecord>> {
  if (order === 'oldest-first') {
    yield* walkCommitted(sight, { order, filter, start })
    yield* walkOwn(sight, { order, filter, start })
  } else {
    yield* walkOwn(sight, { order, filter, start })
    yield* walkCommitted(sight, { order, filter, start: Math.min(start, sight.length - 1) })
  }
}

function* walkOwn(
  { own, length }: AuditSight,
  { order, filter, start }: AuditWalk,
): Iterable<Entry<string, AuditRecord>> {
  const step = order === 'oldest-first' ? 1 : -1
  for (let at = step === 1 ? Math.max(start - length, 0) : start - length; ; at += step) {
    const record = own[at]
    if (record === undefined) return
    if (matchesFilter(record, filter)) yield [record.id, deepFreeze(record)]
  }
}

function* walkCommitted(
  { log, length }: AuditSight,
  { order, filter, start }: AuditWalk,
): Iterable<Entry<string, AuditRecord>> {
  const step = order === 'oldest-first' ? 1 : -1
  const candidates = log.candidates(filter)
  if (candidates === null) {
    for (let at = start; at >= 0 && at < length; at += step) {
      const barren = log.barren(at, filter)
      if (barren !== null) {
        at = step === 1 ? barren.last : barren.first
        continue
      }
      const record = log.at(at)
      if (matchesFilter(record, filter)) yield [record.id, record]
    }
    return
  }
  for (let index = seek(candidates, start, step); ; index += step) {
    const at = candidates[index]
    if (at === undefined || at >= length) return
    const record = log.at(at)
    if (matchesFilter(record, filter)) yield [record.id, record]
  }
}

/** The index of the first position at or after `start` in the direction of the walk. */
function seek(positions: readonly number[], start: number, step: 1 | -1): number {
  let low = 0
  let high = positions.length
  const bound = step === 1 ? start : start + 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((positions[middle] as number) < bound) low = middle + 1
    else high = middle
  }
  return step === 1 ? low : low - 1
}
