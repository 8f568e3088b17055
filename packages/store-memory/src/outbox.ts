import {
  OUTBOX_STATES,
  type OutboxAppender,
  type OutboxEntry,
  type OutboxEvent,
  type OutboxReader,
  type OutboxState,
  outboxEventSchema,
  type Page,
  type PageRequest,
  UserEngineError,
} from '@user-engine/store-protocol'
import { acceptChoice, acceptRequest, createAccept, keepJson } from './accept.ts'
import { requireAppendable } from './audit.ts'
import type { OutboxRow } from './outbox-log.ts'
import { acceptPage, takePage } from './read-page.ts'
import type { Session } from './session.ts'
import type { DeliveryImage, OutboxSight } from './sight.ts'
import { type Entry, walkEntries } from './walk.ts'

const ENTITY = 'outbox-event'
const accept = createAccept(outboxEventSchema)

export function createOutbox(session: Session): OutboxReader & OutboxAppender {
  return new Outbox(session)
}

interface OutboxRequest {
  readonly state?: OutboxState
  readonly page?: PageRequest
}

class Outbox implements OutboxReader, OutboxAppender {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  list(request: OutboxRequest = {}): Promise<Page<OutboxEntry>> {
    return this.#session.answer(() => {
      const { state, page } = acceptRequest(request)
      acceptChoice('state', state, OUTBOX_STATES)
      const list = `outbox-events:${state ?? ''}`
      const position = acceptPage(list, page)
      const entries = walk(this.#session.sight.outbox(), { state, after: position.after })
      return takePage(list, position, walkEntries(entries))
    })
  }

  append(input: OutboxEvent): Promise<void> {
    return this.#session.perform((overlay) => {
      // A copy but for its payload.
      const event = accept(input)
      event.payload = keepJson(event.payload)
      requireAppendable(this.#session.tenantId, { entity: ENTITY, tenantId: event.tenantId })
      overlay.appendEvent(event)
    })
  }
}

interface OutboxWalk {
  readonly state: OutboxState | undefined
  /** The id of the event to go on after. */
  readonly after: string | null
}

/** The events by commit order, the unit's own last, keyed by id. */
function* walk(sight: OutboxSight, { state, after }: OutboxWalk): Iterable<Entry<string, OutboxEntry>> {
  const { log, own } = sight
  const committed = after === null ? undefined : log.sequenceOf(after)
  const appended = after === null ? -1 : own.findIndex((event) => event.id === after)
  if (after !== null && committed === undefined && appended < 0) {
    throw new UserEngineError('CURSOR_INVALID', { list: 'outbox-events' })
  }
  if (appended < 0) yield* walkCommitted(sight, { state, after: committed ?? 0 })
  if (state !== undefined && state !== 'pending') return
  for (const event of own.slice(appended + 1)) {
    yield [event.id, { event: Object.freeze(event), state: 'pending', attempts: 0 }]
  }
}

function* walkCommitted(
  sight: OutboxSight,
  { state, after }: { readonly state: OutboxState | undefined; readonly after: number },
): Iterable<Entry<string, OutboxEntry>> {
  const { images } = sight
  // Events that were in this state at the moment that is looked at, and have left it since.
  const former = state === undefined ? [] : formerRows(sight, { state, after })
  let next = 0
  for (const row of sight.log.after(after, state)) {
    if (row.sequence > sight.lastSequence) break
    for (let late = former[next]; late !== undefined && late.sequence < row.sequence; late = former[++next]) {
      yield [late.id, entryOf(late, images.get(late))]
    }
    const image = images.get(row)
    if (state !== undefined && image !== undefined) continue
    yield [row.id, entryOf(row, image)]
  }
  for (; next < former.length; next++) {
    const late = former[next] as OutboxRow
    yield [late.id, entryOf(late, images.get(late))]
  }
}

function formerRows(
  { images, log, lastSequence }: OutboxSight,
  { state, after }: { readonly state: OutboxState; readonly after: number },
): OutboxRow[] {
  const rows: OutboxRow[] = []
  for (const [row, image] of images) {
    const isInRange = row.sequence > after && row.sequence <= lastSequence
    if (row.log === log && image.state === state && isInRange) rows.push(row)
  }
  return rows.sort((left, right) => left.sequence - right.sequence)
}

function entryOf(row: OutboxRow, image: DeliveryImage = row): OutboxEntry {
  const { state, attempts } = image
  // How often a delivered event was handed over is not told: not every store keeps it.
  return { event: row.log.eventOf(row), state, attempts: state === 'delivered' ? null : attempts }
}
