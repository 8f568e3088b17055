import { changeReaders, changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import { isUserEngineError, type StoreTransaction } from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

export const BROKEN_AUDITS: readonly BrokenStore[] = [
  broken(
    'AUD-01',
    'appends-quietly',
    'takes an audit record whose id is there already for appended',
    (store) =>
      changeTransactions(store, (tx) => ({
        audit: override(tx.audit, {
          append: (record) =>
            quietly(
              tx
                .transact((nested) => nested.audit.append(record))
                .catch((error: unknown) => {
                  if (!isUserEngineError(error, 'DUPLICATE_KEY')) throw error
                }),
            ),
        }),
      })),
  ),
  broken('AUD-02', 'audit-afterwards', 'writes audit records after the commit', (store) =>
    override(store, {
      async transact(scope, work, options) {
        const later: ((tx: StoreTransaction) => Promise<void>)[] = []
        const result = await store.transact(
          scope,
          (tx) =>
            work(
              override(tx, {
                audit: override(tx.audit, {
                  append: async (record) => void later.push((own) => own.audit.append(record)),
                }),
              }),
            ),
          options,
        )
        for (const append of later) await store.transact(scope, append)
        return result
      },
    }),
  ),
  broken('AUD-03', 'denial-inside', 'records a denial inside the transaction that is open', (store) => {
    let open: StoreTransaction | null = null
    const watching = override(store, {
      transact: (scope, work, options) =>
        store.transact(
          scope,
          async (tx) => {
            const before = open
            open = tx
            const watched: StoreTransaction = override(tx, {
              transact: (inner) =>
                tx.transact(async (nested) => {
                  const around = open
                  open = nested
                  try {
                    return await inner(nested)
                  } finally {
                    open = around
                  }
                }),
            })
            try {
              return await work(watched)
            } finally {
              open = before
            }
          },
          options,
        ),
    })
    return override(watching, {
      recordDenial: (scope, record) =>
        open === null || record.outcome === 'allowed'
          ? store.recordDenial(scope, record)
          : open.audit.append(record),
    })
  }),
  broken('AUD-03', 'denial-with-event', 'emits an event for a denial', (store) =>
    override(store, {
      async recordDenial(scope, record) {
        await store.recordDenial(scope, record)
        await store.transact(scope, (tx) =>
          tx.outbox.append({
            ...{
              id: record.id,
              tenantId: record.tenantId,
              aggregateType: 'audit-record',
              aggregateId: record.id,
            },
            ...{ type: 'denied', schemaVersion: 1, payload: {}, occurredAt: record.occurredAt },
            ...{ correlationId: null, causationId: null },
          }),
        )
      },
    }),
  ),
  broken('AUD-03', 'denial-later', 'says that a denial is recorded before it is', (store) =>
    override(store, {
      async recordDenial(scope, record) {
        setTimeout(() => void store.recordDenial(scope, record).catch(() => {}), 30)
      },
    }),
  ),
  broken('AUD-04', 'denial-waits', 'lets a denial wait for the transactions that are open', (store) => {
    let running = 0
    const waiting: (() => void)[] = []
    const counting = override(store, {
      async transact(scope, work, options) {
        running += 1
        try {
          return await store.transact(scope, work, options)
        } finally {
          running -= 1
          if (running === 0) for (const go of waiting.splice(0)) go()
        }
      },
    })
    return override(counting, {
      async recordDenial(scope, record) {
        if (running > 0) await new Promise<void>((resolve) => waiting.push(resolve))
        await store.recordDenial(scope, record)
      },
    })
  }),
  broken('AUD-06', 'by-the-clock', 'lists audit records by when they say they happened', (store) =>
    changeReaders(store, (reader) => ({
      audit: override(reader.audit, {
        async list(request) {
          const page = await reader.audit.list(request)
          const direction = request?.order === 'newest-first' ? -1 : 1
          const items = page.items.toSorted(
            (one, other) => direction * one.occurredAt.localeCompare(other.occurredAt),
          )
          return { ...page, items }
        },
      }),
    })),
  ),
  broken(
    'AUD-06',
    'outcome-ignored',
    'lists audit records of every outcome, whichever was asked for',
    (store) =>
      changeReaders(store, (reader) => ({
        audit: override(reader.audit, {
          list: (request) => {
            const { outcome: _, ...filter } = request?.filter ?? {}
            return reader.audit.list({ ...request, filter })
          },
        }),
      })),
  ),
]
