import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable, onlyShared } from '../case.ts'
import { createGate } from '../gate.ts'
import { ACME, PLATFORM } from '../records.ts'

export const LIFE_CYCLE_CASES: readonly ConformanceCase[] = [
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
  {
    id: 'LIF-02.killed-backend',
    rules: ['LIF-02', 'TXN-09'],
    title:
      'while the backend is dead every call gives a typed error in time; when it is back the same store works',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 60_000,
    run: (context) => showOutage(context, 'kill', 'start'),
  },
  {
    id: 'LIF-02.paused-backend',
    rules: ['LIF-02', 'TXN-11'],
    title:
      'while the backend hangs every call gives a typed error within its limit; when it goes on the same store works',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 60_000,
    run: (context) => showOutage(context, 'pause', 'resume'),
  },
  {
    id: 'LIF-03.acknowledged-commits-survive',
    rules: ['LIF-03', 'TXN-01', 'OBX-01'],
    title:
      'every commit that was acknowledged before the backend was killed is there afterwards, whole, with its event',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 90_000,
    run: (context) => showDurability(context),
  },
]

async function showOutage(
  { harness, open, check, make, note }: CaseContext,
  begin: 'kill' | 'pause',
  end: 'start' | 'resume',
): Promise<void> {
  const { backend } = harness
  if (backend === undefined) return
  const store = await open()
  const { user } = await make.addMember(store, ACME.tenantId)
  const started = createGate()
  const inFlight = store.transact(
    ACME,
    async (tx) => {
      await tx.users.update({
        id: user.id,
        expectedVersion: 1,
        set: { displayName: 'in flight' },
        updatedAt: make.instant(),
      })
      await tx.users.get(user.id)
      started.open()
      await delay(50)
      await tx.users.list()
    },
    { timeoutMs: 2_000 },
  )
  const inFlightOutcome = check.rejects(
    inFlight,
    ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN'],
    'the transaction in flight',
  )
  await started.opened
  await backend[begin]()
  try {
    await check.settlesWithin(inFlight, 6_000, 'the transaction in flight')
    await inFlightOutcome
    const codes = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const
    const calls: Record<string, () => Promise<unknown>> = {
      read: () => store.read(ACME, (reader) => reader.users.get(user.id), { timeoutMs: 1_000 }),
      transact: () => store.transact(ACME, async (tx) => void (await tx.users.list()), { timeoutMs: 1_000 }),
    }
    for (const [name, call] of Object.entries(calls)) {
      const running = call()
      await check.settlesWithin(running, 4_000, `${name} with a limit of 1,000 ms`)
      await check.rejects(running, codes, name)
    }
  } finally {
    await backend[end]()
  }
  const back = await check.eventually(
    () =>
      store
        .read(ACME, (reader) => reader.users.get(user.id))
        .then(
          (found) => found ?? undefined,
          (error: unknown) => {
            if (!isUserEngineError(error)) throw error
            return undefined
          },
        ),
    'the same store reads again',
    20_000,
  )
  check.equal(back, user, 'the record: the transaction in flight left nothing')
  await store.transact(ACME, (tx) =>
    tx.users.update({
      id: user.id,
      expectedVersion: 1,
      set: { displayName: 'back' },
      updatedAt: make.instant(),
    }),
  )
  note(begin === 'kill' ? 'tier D1: database killed' : 'tier D3: database paused')
}

async function showDurability({ harness, open, check, make, note }: CaseContext): Promise<void> {
  const { backend } = harness
  if (backend === undefined) return
  const store = await open()
  const acknowledged: string[] = []
  const attempted: string[] = []
  let down = false
  const write = async () => {
    while (!down) {
      const { user, event, audit } = {
        user: make.user(),
        event: make.event(ACME.tenantId),
        audit: make.audit(ACME.tenantId),
      }
      attempted.push(user.id)
      const account = make.account(user.id)
      const commit = store.transact(
        ACME,
        (tx) => {
          void tx.users.insert(user)
          void tx.accounts.insert(account)
          void tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
          void tx.audit.append({ ...audit, target: { type: 'user', id: user.id } })
          void tx.outbox.append({ ...event, aggregateId: user.id })
        },
        { timeoutMs: 3_000 },
      )
      await commit.then(
        () => acknowledged.push(user.id),
        () => {},
      )
    }
  }
  const writers = Promise.all([write(), write(), write(), write()])
  await check.eventually(
    async () => (acknowledged.length >= 40 ? true : undefined),
    'writers are at work',
    20_000,
  )
  await backend.kill()
  down = true
  await writers
  await backend.start()
  const fresh = await open()
  const found = await check.eventually(() => everythingOf(fresh), 'a new store reads everything', 20_000)
  const has = (set: ReadonlySet<string>) => (id: string) => set.has(id)
  check.equal(
    acknowledged.filter((id) => !found.users.has(id)),
    [],
    'acknowledged users that are lost',
  )
  check.equal(
    [...found.users].filter((id) => !has(new Set(attempted))(id)),
    [],
    'users nobody wrote',
  )
  check.equal(
    [...found.users].sort(),
    [...found.audited].sort(),
    'users without their audit record, or the other way round',
  )
  check.equal(
    [...found.users].sort(),
    [...found.announced].sort(),
    'users without their event, or the other way round',
  )
  check.ok(attempted.length > acknowledged.length, 'writes were under way when the backend was killed', [
    attempted.length,
    acknowledged.length,
  ])
  note(
    `tier D1: database killed with writes under way; ${acknowledged.length} acknowledged of ${attempted.length} attempted`,
  )
  note('tiers D0 (client killed) and D2 (power cut) were not run')
}

async function everythingOf(store: UserEngineStore) {
  const collect = async <Item>(
    list: (cursor: string | null) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
  ) => {
    const all: Item[] = []
    for (let cursor: string | null = null; ; ) {
      const page = await list(cursor)
      all.push(...page.items)
      if (page.nextCursor === null) return all
      cursor = page.nextCursor
    }
  }
  const page = (cursor: string | null) => ({ limit: 500, ...(cursor === null ? {} : { cursor }) })
  try {
    const users = await collect((cursor) => store.read(ACME, (reader) => reader.users.list(page(cursor))))
    const audit = await collect((cursor) =>
      store.read(ACME, (reader) => reader.audit.list({ page: page(cursor) })),
    )
    const events = await collect((cursor) =>
      store.read(ACME, (reader) => reader.outbox.list({ page: page(cursor) })),
    )
    return {
      users: new Set(users.map(({ id }) => id)),
      audited: new Set(audit.map(({ target }) => target.id)),
      announced: new Set(events.map(({ event }) => event.aggregateId)),
    }
  } catch (error) {
    if (isUserEngineError(error)) return undefined
    throw error
  }
}
