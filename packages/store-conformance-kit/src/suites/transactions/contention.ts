import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { isUserEngineError } from '@user-engine/store-protocol'
import pRetry from 'p-retry'
import { WRITES_OVER_CHANGES } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate, endedOrBlocked } from '../../gate.ts'
import { ACME } from '../../records.ts'

const WRITERS = 50

export const CONTENTION_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-09.contending-writers-all-finish',
    rules: ['TXN-09', 'VER-03', 'VER-01', 'TXN-07'],
    title: '50 writers that contend for one record and repeat with jitter all finish, and none is lost',
    timeoutMs: 60_000,
    run: showContendingWriters,
  },
  {
    id: 'TXN-09.crossing-writers-both-finish',
    rules: ['TXN-09'],
    title:
      'two transactions that change the same two records in opposite order both finish when they are repeated',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const other = stores.at(-1) ?? store
      const [a, b] = [await make.addMember(store, ACME.tenantId), await make.addMember(store, ACME.tenantId)]
      const [firstA, firstB] = [createGate(), createGate()]
      const cross = (
        backend: typeof store,
        [mine, theirs]: readonly [typeof firstA, typeof firstA],
        [first, second]: readonly [string, string],
      ) =>
        pRetry(
          () =>
            backend.transact(
              ACME,
              async (tx) => {
                for (const id of [first, second]) {
                  const seen = await tx.users.get(id)
                  await tx.users.update(make.update(id, seen?.version ?? 0, { status: 'suspended' }))
                  await tx.users.get(id)
                  mine.open()
                  await theirs.openedOrBlocked()
                }
              },
              { timeoutMs: 5_000 },
            ),
          {
            ...{ retries: 20, minTimeout: 1, maxTimeout: 50 },
            shouldRetry: ({ error }) =>
              isUserEngineError(error) && (error.code === 'VERSION_CONFLICT' || error.retryable),
          },
        )
      const results = await Promise.allSettled([
        cross(store, [firstA, firstB], [a.user.id, b.user.id]),
        cross(other, [firstB, firstA], [b.user.id, a.user.id]),
      ])
      check.equal(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled'],
        'the outcome of both',
      )
      const versions = await store.read(ACME, async (reader) => [
        (await reader.users.get(a.user.id))?.version,
        (await reader.users.get(b.user.id))?.version,
      ])
      check.equal(versions, [3, 3], 'the versions afterwards: each was changed by both')
    },
  },
  {
    id: 'TXN-09.rolled-back-writers-stop-nobody',
    rules: ['TXN-09', 'IDN-03', 'TXN-02'],
    title:
      'who waits for a transaction that then rolls back gets its way: no key and no version is lost to it',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const other = stores.at(-1) ?? store
      const boom = new Error('on purpose')
      const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const membership = make.membership(tenantAccount)
      const identity = make.identity(user.id)
      const [written, finish] = [createGate(), createGate()]
      const loser = store.transact(ACME, async (tx) => {
        await tx.memberships.insert(membership)
        await tx.externalIdentities.insert(identity)
        await tx.users.update(make.update(user.id, 1, { displayName: 'never' }))
        await tx.users.list()
        written.open()
        await finish.opened
        throw boom
      })
      await Promise.race([written.opened, loser])
      const winner = other.transact(ACME, (tx) => {
        void tx.memberships.insert({ ...membership, id: make.id() })
        void tx.externalIdentities.insert({ ...identity, id: make.id() })
        void tx.users.update(make.update(user.id, 1, { displayName: 'winner' }))
      })
      await endedOrBlocked(winner)
      finish.open()
      await check.rejectsWith(loser, boom, 'the transaction that rolls back')
      const [outcome] = await Promise.allSettled([winner])
      check.equal(outcome.status, 'fulfilled', 'the one that wanted the same')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal([after?.version, after?.displayName], [2, 'winner'], 'the user afterwards')
    },
  },
]

async function showContendingWriters({ race, make, random, note }: CaseContext): Promise<void> {
  let repeats = 0
  let mostAtOnce = 0
  const contend = async ({ stores, check }: RaceRound): Promise<void> => {
    const [store] = stores
    const { user } = await make.addMember(store, ACME.tenantId)
    const target = { type: 'user', id: user.id } as const
    let running = 0
    let mostRunning = 0
    const increment = async (writer: number) => {
      running += 1
      mostRunning = Math.max(mostRunning, running)
      try {
        await (stores[writer % stores.length] ?? store).transact(ACME, async (tx) => {
          const seen = await tx.users.get(user.id)
          const version = seen?.version ?? 0
          // What the work thinks about between its statements is when others come in.
          await turn()
          await tx.users.update(make.update(user.id, version, { displayName: `version ${version + 1}` }))
          await tx.audit.append(make.audit(ACME.tenantId, { target, correlationId: `saw ${version}` }))
        })
      } finally {
        running -= 1
      }
    }
    const options = {
      ...{ retries: 500, minTimeout: 1, maxTimeout: 50, factor: 1.5, randomize: true },
      shouldRetry: ({ error }: { readonly error: Error }) => {
        repeats += 1
        return isUserEngineError(error) && (error.code === 'VERSION_CONFLICT' || error.retryable)
      },
    }
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        await delay(random() * 5)
        await pRetry(() => increment(writer), options)
      }),
    )
    await store.read(ACME, async (reader) => {
      const after = await reader.users.get(user.id)
      const expected = [WRITERS + 1, `version ${WRITERS + 1}`]
      check.equal([after?.version, after?.displayName], expected, 'the record after 50 increments')
      const { items } = await reader.audit.list({ filter: { target }, page: { limit: 500 } })
      const seen = items.map(({ correlationId }) => correlationId)
      const versions = Array.from({ length: WRITERS }, (_, index) => `saw ${index + 1}`)
      check.equal(seen.toSorted(), versions.toSorted(), 'what each change was made of: every version once')
    })
    check.ok(mostRunning > 1, 'the writers ran at the same time', mostRunning)
    mostAtOnce = Math.max(mostAtOnce, mostRunning)
  }
  await race({ defect: WRITES_OVER_CHANGES, tries: 5, run: contend })
  note(`${repeats} repetitions; up to ${mostAtOnce} writers at once`)
}
