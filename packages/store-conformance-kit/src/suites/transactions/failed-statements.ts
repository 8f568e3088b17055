import { isUserEngineError, type Scope, type StoreTransaction } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'
import { setUpFailures } from './failures.ts'

export const FAILED_STATEMENT_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-03.swallowed-failure-is-reported',
    rules: ['TXN-03', 'TXN-10'],
    title:
      'a failed statement that work swallows is TRANSACTION_ABORTED with its code, never a rollback reported as success',
    run: (context) => showSwallowedFailures(context),
  },
  {
    id: 'TXN-03.calls-after-a-failure-are-refused',
    rules: ['TXN-03', 'TXN-10'],
    title: 'after a failure that work has seen the transaction does nothing more, whatever is called',
    async run({ open, check, make }) {
      const store = await open()
      const [first, second] = [make.user(), make.user()]
      let surfaced: string | null = null
      const call = store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(first)
        surfaced = await swallow(tx, (handle) => handle.users.update(make.update(make.id(), 1, {})))
        // A store that finds out at the commit only has nothing to refuse yet.
        if (surfaced === null) return
        const later: Record<string, () => Promise<unknown>> = {
          'a write': () => tx.users.insert(second),
          'an append': () => tx.audit.append(make.audit(null)),
          'an event': () => tx.outbox.append(make.event(null)),
          'a read': () => tx.users.get(first.id),
          'a count': () => tx.countRecords(),
          'a nested transaction': () => tx.transact(() => 1),
        }
        for (const [name, attempt] of Object.entries(later)) {
          const error = await check.rejects(attempt, 'TRANSACTION_ABORTED', `${name} after the failure`)
          check.equal(error.data, { causeCode: 'NOT_FOUND' }, `what the refusal of ${name} says`)
        }
      })
      const [outcome] = await Promise.allSettled([call])
      check.equal(outcome.status, 'rejected', 'the transaction')
      const code = surfaced === null ? 'NOT_FOUND' : 'TRANSACTION_ABORTED'
      await check.rejects(call, code, 'the outcome of the transaction')
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(
        [counts.user, counts['audit-record'], counts['outbox-event']],
        [0, 0, 0],
        'users, audit records and events that were committed',
      )
    },
  },
  {
    id: 'TXN-10.failure-of-a-write-is-one-typed-error',
    rules: ['TXN-10', 'TXN-08'],
    title:
      'a failed write gives its own typed error, awaited or not, followed by other calls or not, and no unhandled rejection',
    run: (context) => showOneTypedError(context),
  },
  {
    id: 'TXN-10.failures-spare-other-transactions',
    rules: ['TXN-10', 'TXN-07'],
    title: 'a transaction that fails leaves those that run beside it alone',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          store.transact(ACME, async (tx) => {
            await tx.audit.append(make.audit(ACME.tenantId, { action: `user.act${index}` }))
            if (index % 3 === 0) await tx.users.update(make.update(user.id, 9, {}))
            await tx.users.list()
            return index
          }),
        ),
      )
      for (const [index, result] of results.entries()) {
        if (index % 3 === 0)
          await check.rejects(
            () => Promise.reject(result.status === 'rejected' ? result.reason : null),
            'VERSION_CONFLICT',
            `transaction ${index}, which fails`,
          )
        else check.equal(result, { status: 'fulfilled', value: index }, `transaction ${index}`)
      }
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      check.equal(items.length, 8, 'audit records of those that did not fail')
    },
  },
]

/** A failure that is not let through; at its own call in one store, at the next read in another. Gives its code. */
async function swallow(
  tx: StoreTransaction,
  fail: (tx: StoreTransaction) => Promise<unknown>,
): Promise<string | null> {
  const seen = await Promise.allSettled([fail(tx)])
  const later = await Promise.allSettled([tx.users.list()])
  for (const result of [...seen, ...later])
    if (result.status === 'rejected' && isUserEngineError(result.reason)) return result.reason.code
  return null
}

async function showSwallowedFailures({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  for (const { code, scope, name, write } of await setUpFailures(store, make)) {
    const before = await store.read(scope, (reader) => reader.countRecords())
    let surfaced: string | null = null
    const call = store.transact(scope, async (tx) => {
      await tx.audit.append(make.audit('tenantId' in scope ? scope.tenantId : null))
      await tx.users.insert(make.user())
      surfaced = await swallow(tx, write)
      return 'looks fine'
    })
    // A store may find out at the commit only; then it is the failure itself, which nobody swallowed.
    const [outcome] = await Promise.allSettled([call])
    const error = await check.rejects(call, ['TRANSACTION_ABORTED', code], `${name}, swallowed`)
    check.equal(outcome.status, 'rejected', `${name}: the transaction`)
    if (surfaced !== null) {
      check.equal(surfaced, code, `${name}: the failure that work saw`)
      check.equal(error.code, 'TRANSACTION_ABORTED', `${name}: the outcome when work saw the failure`)
    }
    if (error.code === 'TRANSACTION_ABORTED')
      check.equal(error.data, { causeCode: code }, `${name}: the code of the failure`)
    const after = await store.read(scope, (reader) => reader.countRecords())
    check.equal(after, before, `${name}: what was committed`)
  }
}

type Style = (
  scope: Scope,
  write: (tx: StoreTransaction) => Promise<unknown>,
  make: RecordMaker,
) => (tx: StoreTransaction) => unknown

const auditOf = (scope: Scope, make: RecordMaker) => make.audit('tenantId' in scope ? scope.tenantId : null)

const STYLES: { readonly [style: string]: Style } = {
  awaited: (_, write) => async (tx) => {
    await write(tx)
  },
  returned: (_, write) => (tx) => write(tx),
  'handed over whole': (_, write) => (tx) => {
    void write(tx)
  },
  'not awaited in an async function': (_, write) => async (tx) => {
    void write(tx)
  },
  'not awaited, with writes after it': (scope, write, make) => async (tx) => {
    void write(tx)
    void tx.audit.append(auditOf(scope, make))
  },
  'not awaited, with a read after it': (_, write) => (tx) => {
    void write(tx)
    return tx.users.list()
  },
  'in a nested transaction': (_, write) => (tx) =>
    tx.transact((nested) => {
      void write(nested)
    }),
}

async function showOneTypedError({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  for (const { code, scope, name, write } of await setUpFailures(store, make)) {
    const before = await store.read(scope, (reader) => reader.countRecords())
    for (const [style, work] of Object.entries(STYLES)) {
      const run = work(scope, write, make)
      await check.rejects(
        store.transact(scope, (tx) => run(tx)),
        code,
        `${name}, ${style}`,
      )
    }
    const after = await store.read(scope, (reader) => reader.countRecords())
    check.equal(after, before, `${name}: what was committed`)
  }
  const others = await store.read(OTHER, (reader) => reader.countRecords())
  check.equal(others['audit-record'], 0, 'audit records of the tenant that was named wrongly')
}
