import type {
  AuditFilter,
  AuditOrder,
  OutboxState,
  Scope,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { ACME, OTHER, PLATFORM } from '../../records.ts'
import { drain } from '../outbox/steps.ts'
import { byId, type ListUnderTest, many } from './listed-item.ts'

interface AuditList {
  readonly name: string
  readonly scope: Scope
  readonly order?: AuditOrder
  readonly filter?: AuditFilter
}

const ACTOR = { type: 'service', id: 'relay' } as const

function auditList({ name, scope, order, filter }: AuditList): ListUnderTest {
  const tenantId = 'tenantId' in scope ? scope.tenantId : null
  const isReversed = order === 'newest-first'
  return {
    name,
    scope,
    writtenIn: scope,
    orderedBy: isReversed ? 'commit-descending' : 'commit',
    async prepare(store, make) {
      await store.transact(PLATFORM, (tx) => {
        void tx.audit.append(make.audit(OTHER.tenantId, { actor: ACTOR }))
        if (tenantId !== null) void tx.audit.append(make.audit(null, { actor: ACTOR }))
        if (filter !== undefined) void tx.audit.append(make.audit(tenantId))
      })
      const request = {
        ...(order === undefined ? {} : { order }),
        ...(filter === undefined ? {} : { filter }),
      }
      const items = many(() => make.audit(tenantId, { actor: ACTOR })).map((record) => ({
        key: record.id,
        insert: (tx: StoreTransaction) => tx.audit.append(record),
        remove: null,
      }))
      return {
        items: isReversed ? items.toReversed() : items,
        list: (reader, page) => byId(reader.audit.list({ ...request, page })),
      }
    },
  }
}

interface OutboxList {
  readonly name: string
  readonly scope: Scope
  readonly state?: OutboxState
}

function outboxList({ name, scope, state }: OutboxList): ListUnderTest {
  const tenantId = 'tenantId' in scope ? scope.tenantId : null
  return {
    name,
    scope,
    writtenIn: scope,
    orderedBy: 'commit',
    async prepare(store, make) {
      await store.transact(PLATFORM, (tx) => {
        void tx.outbox.append(make.event(OTHER.tenantId))
        if (tenantId !== null) void tx.outbox.append(make.event(null))
      })
      if (state !== undefined) await deliverOne(store, make.event(tenantId))
      // Events of several aggregates: the order of the log is that of commits all the same.
      const items = many((index) => make.event(tenantId, { aggregateId: `aggregate-${index % 5}` })).map(
        (event) => ({
          key: event.id,
          insert: (tx: StoreTransaction) => tx.outbox.append(event),
          remove: null,
        }),
      )
      const request = state === undefined ? {} : { state }
      return {
        items,
        async list(reader, page) {
          const { items: entries, nextCursor } = await reader.outbox.list({ ...request, page })
          return { keys: entries.map(({ event }) => event.id), nextCursor }
        },
      }
    },
  }
}

// Noise for a list of what is pending.
async function deliverOne(
  store: UserEngineStore,
  event: Parameters<StoreTransaction['outbox']['append']>[0],
): Promise<void> {
  await store.transact(PLATFORM, (tx) => tx.outbox.append(event))
  await drain(store)
}

/** The lists of logs, whose order is that of commits. */
export const LOG_LISTS = {
  audit: auditList({ name: 'audit-records', scope: ACME }),
  newestAudit: auditList({ name: 'audit-records-newest-first', scope: ACME, order: 'newest-first' }),
  filteredAudit: auditList({ name: 'audit-records-of-an-actor', scope: ACME, filter: { actor: ACTOR } }),
  platformAudit: auditList({ name: 'audit-records-of-the-platform', scope: PLATFORM }),
  outbox: outboxList({ name: 'outbox-events', scope: ACME }),
  pendingOutbox: outboxList({ name: 'pending-outbox-events', scope: ACME, state: 'pending' }),
  platformOutbox: outboxList({ name: 'outbox-events-of-the-platform', scope: PLATFORM }),
} as const
