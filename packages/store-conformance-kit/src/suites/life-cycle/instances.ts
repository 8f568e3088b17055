import { setTimeout as delay } from 'node:timers/promises'
import { type ConformanceCase, onlyShared } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME, PLATFORM } from '../../records.ts'

export const INSTANCE_CASES: readonly ConformanceCase[] = [
  {
    id: 'LIF-01.instances-see-each-other',
    rules: ['LIF-01'],
    title: 'two stores on one backend see each other’s commits as soon as they have happened',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const [one, two] = [await open(), await open()]
      const { user } = await make.addMember(one, ACME.tenantId)
      for (let version = 1; version <= 10; version++) {
        const [writer, reader] = version % 2 === 0 ? [one, two] : [two, one]
        const set = { displayName: `version ${version + 1}` }
        await writer.transact(ACME, (tx) =>
          tx.users.update({ id: user.id, expectedVersion: version, set, updatedAt: make.instant() }),
        )
        const seen = await reader.read(ACME, (open) => open.users.get(user.id))
        check.equal(seen?.version, version + 1, 'the version that the other store sees')
      }
    },
  },
  {
    id: 'LIF-01.closed-stores-refuse-every-call',
    rules: ['LIF-01'],
    title: 'after close every method is STORE_CLOSED, and closing again is harmless',
    async run({ open, check, make }) {
      const store = await open()
      await make.addMember(store, ACME.tenantId)
      await Promise.all([store.close(), store.close()])
      await store.close()
      const eventIds = [make.id()]
      const calls: Record<string, () => Promise<unknown>> = {
        read: () => store.read(ACME, (reader) => reader.users.list()),
        transact: () => store.transact(ACME, (tx) => tx.users.list()),
        recordDenial: () => store.recordDenial(ACME, make.audit(ACME.tenantId, { outcome: 'denied' })),
        readiness: () => store.readiness(),
        schemaVersion: () => store.schemaVersion(),
        diagnostics: () => store.diagnostics(),
        'outbox.claim': () => store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 1_000 }),
        'outbox.ack': () => store.outbox.ack({ token: 1, eventIds }),
        'outbox.extend': () => store.outbox.extend({ token: 1, eventIds, leaseMs: 1_000 }),
        'outbox.nack': () => store.outbox.nack({ token: 1, eventIds, reason: 'x', retryAfterMs: 0 }),
        'outbox.release': () => store.outbox.release({ token: 1, eventIds }),
        'outbox.deadLetter': () => store.outbox.deadLetter({ token: 1, eventIds, reason: 'x' }),
        'outbox.listDeadLetters': () => store.outbox.listDeadLetters(),
        'outbox.replay': () => store.outbox.replay({ eventId: make.id() }),
        'outbox.stats': () => store.outbox.stats(),
      }
      for (const [name, call] of Object.entries(calls)) await check.rejects(call, 'STORE_CLOSED', name)
    },
  },
  {
    id: 'LIF-01.close-lets-running-work-end',
    rules: ['LIF-01'],
    title: 'work that is under way when the store is closed commits within the limit; close waits for it',
    async run({ open, check, make }) {
      const [store, observer] = [await open(), await open()]
      const user = make.user()
      const [started, finish] = [createGate(), createGate()]
      const running = store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(user)
        await tx.users.list()
        started.open()
        await finish.opened
        return 'committed'
      })
      await started.opened
      let closed = false
      const closing = store.close({ timeoutMs: 10_000 }).then(() => {
        closed = true
      })
      await check.rejects(
        store.read(PLATFORM, () => 1),
        'STORE_CLOSED',
        'new work while it is closing',
      )
      // Time passes, less than the limit: a store that does not wait cuts the work off meanwhile.
      await delay(50)
      check.ok(!closed, 'close waits for work under way')
      finish.open()
      check.equal(await running, 'committed', 'the work under way')
      await closing
      if (store.capabilities.durability.shared) {
        check.equal(
          await observer.read(PLATFORM, (reader) => reader.users.get(user.id)),
          user,
          'what it wrote',
        )
      }
    },
  },
  {
    id: 'LIF-01.close-cuts-off-what-is-left',
    rules: ['LIF-01', 'TXN-02'],
    title: 'work that is still under way at the limit is cut off with a typed error and leaves nothing',
    async run({ open, check, make }) {
      const [store, observer] = [await open(), await open()]
      const user = make.user()
      const started = createGate()
      const stuck = store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(user)
          await tx.users.list()
          started.open()
          await new Promise(() => {})
        },
        { timeoutMs: 30_000 },
      )
      const outcome = check.rejects(stuck, ['STORE_CLOSED', 'UNAVAILABLE'], 'the work that never ends')
      await started.opened
      const settled = await check.settlesWithin(store.close({ timeoutMs: 200 }), 5_000, 'close')
      check.equal(settled.status, 'fulfilled', 'the outcome of close')
      await outcome
      check.equal(await observer.read(PLATFORM, (reader) => reader.users.get(user.id)), null, 'what it wrote')
    },
  },
]
