import type { AuditFilter, AuditOrder, AuditRecord, PageRequest } from '@user-engine/store-protocol'
import { ACKNOWLEDGES_EARLY } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate, endedOrBlocked } from '../../gate.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'

export const AUDIT_ORDER_CASES: readonly ConformanceCase[] = [
  {
    id: 'AUD-06.order-of-commits',
    rules: ['AUD-06', 'AUD-02'],
    title:
      'records read back in the order of commits, not of appends: who appended first and committed last comes last',
    run: (context) => showCommitOrder(context),
  },
  {
    id: 'AUD-06.order-under-load',
    rules: ['AUD-06', 'QRY-01'],
    title:
      'a record that was acknowledged before another one was begun is read before it, whoever wrote them',
    run: ({ race, make }) =>
      race({ defect: ACKNOWLEDGES_EARLY, run: (round) => showOrderUnderLoad(round, make) }),
  },
  {
    id: 'AUD-06.pages-miss-no-late-commit',
    rules: ['AUD-06', 'QRY-01', 'OBX-01'],
    title: 'who reads on from the last page finds every record that was committed since, the late ones too',
    run: (context) => showLateCommits(context),
  },
  {
    id: 'AUD-06.filters',
    rules: ['AUD-06', 'QRY-01', 'QRY-02'],
    title:
      'every filter alone, all pairs of them and all together select exactly the records that match, page by page, in both orders',
    timeoutMs: 60_000,
    run: (context) => showFilters(context),
  },
  {
    id: 'AUD-06.filters-are-checked',
    rules: ['AUD-06', 'VAL-02'],
    title: 'filters and orders that cannot be meant are VALIDATION',
    async run({ open, check }) {
      const store = await open()
      const bad: readonly (readonly [string, object])[] = [
        ['an empty action', { filter: { action: '' } }],
        ['an action over 128 characters', { filter: { action: 'x'.repeat(129) } }],
        ['an unknown outcome', { filter: { outcome: 'maybe' } }],
        ['an actor of an unknown type', { filter: { actor: { type: 'robot', id: 'x' } } }],
        ['an actor without id', { filter: { actor: { type: 'user' } } }],
        ['a target of an unknown type', { filter: { target: { type: 'tenant', id: 'x' } } }],
        ['a malformed instant', { filter: { from: '2026-01-01' } }],
        ['a day that is none', { filter: { until: '2026-02-30T00:00:00.000Z' } }],
        ['an unknown order', { order: 'random' }],
        ['a limit of 0', { page: { limit: 0 } }],
      ]
      for (const [name, request] of bad) {
        const call = store.read(ACME, (reader) => reader.audit.list(request))
        await check.rejects(call, 'VALIDATION', name)
      }
    },
  },
]

async function showCommitOrder({ openAll, check, make }: CaseContext): Promise<void> {
  const stores = await openAll()
  const [store] = stores
  const other = stores.at(-1) ?? store
  for (const scope of [ACME, PLATFORM]) {
    const tenantId = 'tenantId' in scope ? scope.tenantId : null
    const [slow, quick, last] = [make.audit(tenantId), make.audit(tenantId), make.audit(tenantId)]
    const [appended, finish] = [createGate(), createGate()]
    const first = store.transact(scope, async (tx) => {
      await tx.audit.append(slow)
      await tx.audit.list()
      appended.open()
      await finish.opened
    })
    await Promise.race([appended.opened, first])
    const second = other.transact(scope, (tx) => tx.audit.append(quick))
    // A store may let the second wait for the first; then that is the order of commits.
    const step = await endedOrBlocked(second)
    finish.open()
    await Promise.all([first, second])
    await store.transact(scope, (tx) => tx.audit.append(last))
    const expected = step === 'ended' ? [quick, slow, last] : [slow, quick, last]
    await store.read(scope, async (reader) => {
      check.equal((await reader.audit.list()).items, expected, 'the records in the order of commits')
      const newest = await reader.audit.list({ order: 'newest-first' })
      check.equal(newest.items, expected.toReversed(), 'the records, newest first')
    })
  }
}

async function showOrderUnderLoad({ stores, check, round }: RaceRound, make: RecordMaker): Promise<void> {
  const [store] = stores
  const scope = { tenantId: `round-${round}` }
  const finished: AuditRecord[][] = []
  for (let group = 0; group < 4; group++) {
    const records = Array.from({ length: 4 }, () => make.audit(scope.tenantId))
    finished.push(records)
    await Promise.all(
      records.map((record, index) =>
        (stores[index % stores.length] ?? store).transact(scope, (tx) => tx.audit.append(record)),
      ),
    )
  }
  const { items } = await store.read(scope, (reader) => reader.audit.list({ page: { limit: 500 } }))
  const groups = finished.map((records) => records.map(({ id }) => id).toSorted())
  const found = groups.map((ids, group) =>
    items
      .slice(group * ids.length, (group + 1) * ids.length)
      .map(({ id }) => id)
      .toSorted(),
  )
  check.equal([found, items.length], [groups, 16], 'the records, group by group')
}

async function showLateCommits({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const [slow, quick] = [make.audit(ACME.tenantId), make.audit(ACME.tenantId)]
  const [appended, finish] = [createGate(), createGate()]
  for (let index = 0; index < 3; index++)
    await store.transact(ACME, (tx) => tx.audit.append(make.audit(ACME.tenantId)))
  const first = store.transact(ACME, async (tx) => {
    await tx.audit.append(slow)
    await tx.audit.list()
    appended.open()
    await finish.opened
  })
  await Promise.race([appended.opened, first])
  const second = store.transact(ACME, (tx) => tx.audit.append(quick))
  await endedOrBlocked(second)
  const seen: string[] = []
  const readOn = async (page: PageRequest): Promise<string | null> => {
    const { items, nextCursor } = await store.read(ACME, (reader) => reader.audit.list({ page }))
    seen.push(...items.map(({ id }) => id))
    return nextCursor
  }
  const cursor = await readOn({ limit: 2 })
  finish.open()
  await Promise.all([first, second])
  for (let next = cursor; next !== null; ) next = await readOn({ limit: 2, cursor: next })
  check.equal(new Set(seen).size, seen.length, 'no record twice')
  check.equal(
    [seen.length, seen.includes(slow.id), seen.includes(quick.id)],
    [5, true, true],
    'the records found',
  )
}

async function showFilters({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const actors = [
    { type: 'user', id: 'ann' },
    { type: 'service', id: 'ann' },
    { type: 'user', id: 'bob' },
  ] as const
  const targets = [
    { type: 'user', id: 'x' },
    { type: 'account', id: 'x' },
  ] as const
  const outcomes = ['allowed', 'denied', 'failed'] as const
  const records = Array.from({ length: 48 }, (_, index) =>
    make.audit(ACME.tenantId, {
      actor: actors[index % 3] ?? actors[0],
      target: targets[index % 2] ?? targets[0],
      outcome: outcomes[Math.floor(index / 3) % 3] ?? 'allowed',
      action: `user.act${Math.floor(index / 2) % 4}`,
    }),
  )
  await store.transact(ACME, (tx) => {
    for (const record of records) void tx.audit.append(record)
  })
  await store.transact(OTHER, (tx) => {
    for (const record of records) void tx.audit.append({ ...record, tenantId: OTHER.tenantId })
  })
  const [first] = records
  const at = (index: number) => records[index]?.occurredAt ?? first?.occurredAt ?? ''
  const single: readonly AuditFilter[] = [
    { actor: actors[0] },
    { actor: actors[1] },
    { target: targets[1] },
    { action: 'user.act2' },
    { outcome: 'denied' },
    { from: at(20) },
    { until: at(30) },
  ]
  const pairs = single.flatMap((one, index) => single.slice(index + 1).map((other) => ({ ...one, ...other })))
  const all: AuditFilter = Object.assign({}, ...single)
  const none = [
    { action: 'user.nobody' },
    { from: at(30), until: at(20) },
    { from: '9999-01-01T00:00:00.000Z' },
  ]
  for (const filter of [{}, ...single, ...pairs, all, ...none]) {
    const expected = records.filter((record) => matches(record, filter)).map(({ id }) => id)
    for (const order of ['oldest-first', 'newest-first'] satisfies AuditOrder[]) {
      const found: string[] = []
      for (let page: PageRequest = { limit: 5 }; ; ) {
        const { items, nextCursor } = await store.read(ACME, (reader) =>
          reader.audit.list({ filter, order, page }),
        )
        found.push(...items.map(({ id }) => id))
        if (nextCursor === null) break
        page = { limit: 5, cursor: nextCursor }
      }
      const inOrder = order === 'oldest-first' ? expected : expected.toReversed()
      check.equal(found, inOrder, `records for ${JSON.stringify(filter)}, ${order}`)
    }
  }
}

function matches(record: AuditRecord, { actor, target, action, outcome, from, until }: AuditFilter): boolean {
  return (
    (actor === undefined || (record.actor.type === actor.type && record.actor.id === actor.id)) &&
    (target === undefined || (record.target.type === target.type && record.target.id === target.id)) &&
    (action === undefined || record.action === action) &&
    (outcome === undefined || record.outcome === outcome) &&
    (from === undefined || record.occurredAt >= from) &&
    (until === undefined || record.occurredAt < until)
  )
}
