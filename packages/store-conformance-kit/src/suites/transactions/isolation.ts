import { setTimeout as delay } from 'node:timers/promises'
import { READS_PIECE_BY_PIECE } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate, endedOrBlocked } from '../../gate.ts'
import { ACME, type RecordMaker } from '../../records.ts'

const CONFLICTS = ['VERSION_CONFLICT', 'SERIALIZATION_CONFLICT'] as const

export const ISOLATION_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-07.aborted-and-intermediate-writes-are-never-seen',
    rules: ['TXN-07', 'TXN-02'],
    title: 'what a transaction writes and overwrites, or rolls back, is seen by nobody, before or after',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const boom = new Error('on purpose')
      for (const aborts of [true, false]) {
        const { user } = await make.addMember(store, ACME.tenantId)
        const [written, finish] = [createGate(), createGate()]
        const transaction = store.transact(ACME, async (tx) => {
          await tx.users.update(make.update(user.id, 1, { displayName: 'intermediate' }))
          await tx.users.get(user.id)
          await tx.users.update(make.update(user.id, 2, { displayName: 'last' }))
          await tx.users.get(user.id)
          written.open()
          await finish.opened
          if (aborts) throw boom
        })
        await Promise.race([written.opened, transaction])
        for (const other of stores) {
          const seen = await other.read(ACME, (reader) => reader.users.get(user.id))
          check.equal(seen, user, 'the user meanwhile')
        }
        finish.open()
        if (aborts) await check.rejectsWith(transaction, boom, 'the transaction')
        else await transaction
        const after = await store.read(ACME, (reader) => reader.users.get(user.id))
        const expected = aborts ? [1, user.displayName] : [3, 'last']
        check.equal([after?.version, after?.displayName], expected, 'the user afterwards')
      }
    },
  },
  {
    id: 'TXN-07.reads-are-not-torn',
    rules: ['TXN-07'],
    title:
      'records, lists, counts, audit and events that are always changed together are never read apart inside one read',
    run: (context) => showWholeReads(context),
  },
  {
    id: 'TXN-07.reads-keep-their-moment',
    rules: ['TXN-07'],
    title: 'a read goes on seeing what it saw first, whatever is committed meanwhile, deletes included',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const writer = stores.at(-1) ?? store
      const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const membership = make.membership(tenantAccount)
      await store.transact(ACME, (tx) => tx.memberships.insert(membership))
      await store
        .read(ACME, async (reader) => {
          const look = async () => ({
            user: await reader.users.get(user.id),
            users: (await reader.users.list()).items,
            membership: await reader.memberships.get(membership.id),
            group: (await reader.memberships.listByGroup({ group: membership.group })).items,
            counts: await reader.countRecords(),
            audit: (await reader.audit.list()).items,
            outbox: (await reader.outbox.list()).items,
          })
          const first = await look()
          const others = writer.transact(ACME, async (tx) => {
            make.insertMember(tx, ACME.tenantId)
            await tx.users.update(make.update(user.id, 1, { displayName: 'changed' }))
            await tx.memberships.delete({ id: membership.id, expectedVersion: 1 })
            await tx.memberships.insert(make.membership(tenantAccount))
            await tx.audit.append(make.audit(ACME.tenantId))
            await tx.outbox.append(make.event(ACME.tenantId))
          })
          // A store may let writers wait for readers; one that does is not torn either.
          await endedOrBlocked(others)
          check.equal(await look(), first, 'the second look within one read')
          return { others }
        })
        .then(({ others }) => others)
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal(after?.displayName, 'changed', 'the user afterwards')
    },
  },
  {
    id: 'TXN-07.no-lost-update',
    rules: ['TXN-07', 'VER-03'],
    title: 'of two transactions that read the same version and both write, one fails',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const { user } = await make.addMember(store, ACME.tenantId)
      const [readA, readB] = [createGate(), createGate()]
      const attempt = (mine: typeof readA, theirs: typeof readA, index: number) =>
        (stores[index] ?? store).transact(ACME, async (tx) => {
          const seen = await tx.users.get(user.id)
          mine.open()
          await theirs.openedOrBlocked()
          const change = make.update(user.id, seen?.version ?? 0, { displayName: `writer ${index}` })
          await tx.users.update(change)
        })
      const results = await Promise.allSettled([attempt(readA, readB, 0), attempt(readB, readA, 1)])
      const losers = results.filter((result) => result.status === 'rejected')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      // A store that runs one after the other lets the second see the first: then none is lost either.
      check.equal(after?.version, 3 - losers.length, 'the version afterwards: one higher for each that won')
      check.ok(losers.length < 2, 'one of them wins', results)
      for (const { reason } of losers) await check.rejects(Promise.reject(reason), CONFLICTS, 'the loser')
    },
  },
  {
    id: 'TXN-07.no-dirty-write',
    rules: ['TXN-07', 'VER-03'],
    title: 'a transaction does not overwrite what another has written and not yet committed',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const { user } = await make.addMember(store, ACME.tenantId)
      const [written, finish] = [createGate(), createGate()]
      const first = store.transact(ACME, async (tx) => {
        await tx.users.update(make.update(user.id, 1, { displayName: 'first' }))
        await tx.users.get(user.id)
        written.open()
        await finish.opened
        return (await tx.users.get(user.id))?.displayName
      })
      await Promise.race([written.opened, first])
      const second = (stores.at(-1) ?? store).transact(ACME, (tx) =>
        tx.users.update(make.update(user.id, 1, { displayName: 'second' })),
      )
      await endedOrBlocked(second)
      finish.open()
      const [one, two] = await Promise.allSettled([first, second])
      const winners = [one, two].filter(({ status }) => status === 'fulfilled')
      check.equal(winners.length, 1, 'how many of the two were committed')
      if (one.status === 'fulfilled') check.equal(one.value, 'first', 'what the first saw to its end')
      for (const result of [one, two])
        if (result.status === 'rejected')
          await check.rejects(Promise.reject(result.reason), CONFLICTS, 'the one that was not')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      const name = one.status === 'fulfilled' ? 'first' : 'second'
      check.equal([after?.version, after?.displayName], [2, name], 'the user afterwards')
    },
  },
]

async function showWholeReads({ race, make, note }: CaseContext): Promise<void> {
  let moments = 0
  await race({
    defect: READS_PIECE_BY_PIECE,
    tries: 5,
    run: async (round) => {
      moments += await readWhileWriting(round, make)
    },
  })
  note(`${moments} different moments were seen`)
}

/** How often both users are changed in one round. */
const CHANGES = 20

async function readWhileWriting({ stores, check, round }: RaceRound, make: RecordMaker): Promise<number> {
  const [writer] = stores
  const reader = stores.at(-1) ?? writer
  const scope = { tenantId: `round-${round}` }
  const one = await make.addMember(writer, scope.tenantId)
  const two = await make.addMember(writer, scope.tenantId)
  let done = false
  const writing = (async () => {
    for (let version = 1; version <= CHANGES; version++) {
      await writer.transact(scope, (tx) => {
        const set = { displayName: `change ${version}` }
        void tx.users.update(make.update(one.user.id, version, set))
        void tx.memberships.insert(make.membership(one.tenantAccount, { group: 'g', role: `r${version}` }))
        void tx.audit.append(make.audit(scope.tenantId))
        void tx.outbox.append(make.event(scope.tenantId))
        void tx.users.update(make.update(two.user.id, version, set))
      })
      await delay(0)
    }
  })().finally(() => {
    done = true
  })
  const moments = new Set<number>()
  try {
    while (!done) {
      const seen = await reader.read(scope, async (handle) => {
        const first = await handle.users.get(one.user.id)
        await delay(1)
        const { membership, ...counts } = await handle.countRecords()
        const { items } = await handle.memberships.listByGroup({ group: 'g', page: { limit: 500 } })
        await delay(1)
        const audits = (await handle.audit.list({ page: { limit: 500 } })).items.length
        const events = (await handle.outbox.list({ page: { limit: 500 } })).items.length
        const last = await handle.users.get(two.user.id)
        const counted = [membership, counts['audit-record'], counts['outbox-event']]
        return {
          versions: [first?.version, last?.version],
          steps: [...counted, items.length, audits, events],
        }
      })
      const [version = 0] = seen.versions
      moments.add(version)
      check.equal(seen.versions, [version, version], 'the versions of both users within one read')
      check.equal(
        seen.steps,
        Array(6).fill(version - 1),
        'counts, list, audit and events within the same read',
      )
    }
  } finally {
    await writing
  }
  const last = await reader.read(scope, (handle) => handle.users.get(two.user.id))
  check.equal(last?.version, CHANGES + 1, 'the version afterwards')
  return moments.size
}
