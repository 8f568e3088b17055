import type { AuditFilter, AuditRecord } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../case.ts'
import { createGate } from '../gate.ts'
import { ACME, OTHER, PLATFORM } from '../records.ts'

class Boom extends Error {}

export const AUDIT_CASES: readonly ConformanceCase[] = [
  {
    id: 'AUD-01.no-method-changes-a-record',
    rules: ['AUD-01'],
    title:
      'the audit role appends and reads, and a record that is appended twice is refused and stays as it was',
    async run({ open, check, make }) {
      const store = await open()
      const record = make.audit(ACME.tenantId)
      await store.transact(ACME, async (tx) => {
        const methods = ['get', 'list', 'append']
        const offered = ['update', 'delete', 'insert', 'remove', 'set'].filter((method) => method in tx.audit)
        check.equal(offered, [], `methods beside ${methods.join(', ')}`)
        await tx.audit.append(record)
      })
      const forged = { ...record, outcome: 'denied' } as const
      await check.rejects(
        store.transact(ACME, (tx) => tx.audit.append(forged)),
        'DUPLICATE_KEY',
        'a second record with the id',
      )
      check.equal(await store.read(ACME, (reader) => reader.audit.get(record.id)), record, 'the record')
    },
  },
  {
    id: 'AUD-01.engine-refuses-changes',
    rules: ['AUD-01'],
    title: 'the engine refuses to change or delete an audit record, past the store as well',
    notFor: ({ audit }) => (audit.appendOnly === 'store' ? 'audit.appendOnly is store' : null),
    needs: ['engineAudit'],
    async run({ harness, namespace, open, check, make }) {
      const store = await open()
      const record = make.audit(ACME.tenantId)
      await store.transact(ACME, (tx) => tx.audit.append(record))
      check.equal(await harness.engineAudit?.tryUpdate(namespace, record.id), 'refused', 'an update')
      check.equal(await harness.engineAudit?.tryDelete(namespace, record.id), 'refused', 'a delete')
      check.equal(await store.read(ACME, (reader) => reader.audit.get(record.id)), record, 'the record')
    },
  },
  {
    id: 'AUD-03.denial-survives-outer-rollback',
    rules: ['AUD-03', 'AUD-04', 'TXN-02'],
    title:
      'a denial inside a nested and an outer transaction that both roll back is durable before its caller goes on',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const denial = make.audit(ACME.tenantId, { outcome: 'denied', reason: 'not allowed' })
      const outer = store.transact(ACME, async (tx) => {
        await tx.audit.append(make.audit(ACME.tenantId))
        make.insertMember(tx, ACME.tenantId)
        await tx.users.list()
        await tx.transact(async (nested) => {
          await nested.users.list()
          const recorded = store.recordDenial(ACME, denial)
          const settled = await check.settlesWithin(
            recorded,
            4_000,
            'the denial while the only connection is taken',
          )
          check.equal(settled.status, 'fulfilled', 'the denial')
          check.equal(
            (await nested.audit.get(denial.id))?.outcome,
            'denied',
            'it is durable when its caller goes on',
          )
          throw new Boom('refused')
        })
      })
      const failure: unknown = await outer.catch((error: unknown) => error)
      check.ok(failure instanceof Boom, 'the outer transaction fails')
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      check.equal(items, [denial], 'the audit records afterwards: the denial and nothing else')
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      check.equal([counts.user, counts['outbox-event']], [0, 0], 'no user and no event remain')
    },
  },
  {
    id: 'AUD-03.denial-is-independent-of-a-commit',
    rules: ['AUD-03'],
    title: 'a denial is there before the transaction around it commits, and stays beside what that commits',
    async run({ open, check, make }) {
      const store = await open()
      const [denial, allowed] = [make.audit(ACME.tenantId, { outcome: 'denied' }), make.audit(ACME.tenantId)]
      await store.transact(ACME, async (tx) => {
        await tx.audit.append(allowed)
        await store.recordDenial(ACME, denial)
        const seen = await store.read(ACME, (reader) => reader.audit.list())
        check.equal(seen.items, [denial], 'what others see before the commit')
      })
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      check.equal(items, [denial, allowed], 'the order of commits')
      check.equal(
        (await store.read(ACME, (reader) => reader.outbox.list())).items,
        [],
        'a denial emits no event',
      )
    },
  },
  {
    id: 'AUD-04.denials-of-many-open-transactions',
    rules: ['AUD-04'],
    title: 'every one of ten open transactions that hold all connections records its denial in time',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const denials = Array.from({ length: 10 }, () => make.audit(ACME.tenantId, { outcome: 'denied' }))
      const transactions = denials.map((denial) =>
        store.transact(ACME, async (tx) => {
          await tx.users.list()
          await store.recordDenial(ACME, denial)
        }),
      )
      const settled = await check.settlesWithin(
        Promise.all(transactions),
        5_000,
        'ten transactions with denials',
      )
      check.equal(settled.status, 'fulfilled', 'their outcome')
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      check.equal(items.length, 10, 'denials on record')
    },
  },
  {
    id: 'AUD-05.what-is-no-denial-is-refused',
    rules: ['AUD-05'],
    title:
      'recordDenial takes denied and failed, and refuses what is no denial, malformed or recorded before',
    async run({ open, check, make }) {
      const store = await open()
      const failed = make.audit(null, { outcome: 'failed', reason: 'DUPLICATE_IDENTITY' })
      await store.recordDenial(PLATFORM, failed)
      await check.rejects(
        store.recordDenial(PLATFORM, make.audit(null)),
        'VALIDATION',
        'a record of something allowed',
      )
      const malformed = make.audit(null, { outcome: 'denied', id: 'no id' })
      await check.rejects(store.recordDenial(PLATFORM, malformed), 'VALIDATION', 'a malformed record')
      const codes = ['DUPLICATE_KEY', 'DENIAL_NOT_RECORDED'] as const
      await check.rejects(store.recordDenial(PLATFORM, failed), codes, 'the same record once more')
      check.equal(
        (await store.read(PLATFORM, (reader) => reader.audit.list())).items,
        [failed],
        'what is on record',
      )
    },
  },
  {
    id: 'AUD-05.denial-without-a-backend-is-an-error',
    rules: ['AUD-05', 'LIF-02'],
    title: 'a denial that cannot be made durable is DENIAL_NOT_RECORDED, not a quiet pass',
    notFor: ({ durability }) => (durability.durable ? null : 'durability.durable is false'),
    needs: ['backend'],
    async run({ harness, open, check, make }) {
      const store = await open()
      await store.recordDenial(ACME, make.audit(ACME.tenantId, { outcome: 'denied' }))
      await harness.backend?.kill()
      const denial = make.audit(ACME.tenantId, { outcome: 'denied' })
      try {
        const call = store.recordDenial(ACME, denial)
        await check.settlesWithin(call, 10_000, 'a denial while the backend is down')
        await check.rejects(call, 'DENIAL_NOT_RECORDED', 'its outcome')
      } finally {
        await harness.backend?.start()
      }
    },
  },
  {
    id: 'AUD-06.order-of-commits',
    rules: ['AUD-06'],
    title:
      'records read back in the order of commits, not of appends: who appended first and committed last comes last',
    async run({ open, check, make }) {
      const store = await open()
      const [first, second, third] = [
        make.audit(ACME.tenantId),
        make.audit(ACME.tenantId),
        make.audit(ACME.tenantId),
      ]
      const [appended, finish] = [createGate(), createGate()]
      const slow = store.transact(ACME, async (tx) => {
        await tx.audit.append(first)
        appended.open()
        await finish.opened
      })
      await appended.opened
      await store.transact(ACME, (tx) => tx.audit.append(second))
      await store.transact(ACME, (tx) => tx.audit.append(third))
      finish.open()
      await slow
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      check.equal(items, [second, third, first], 'the records')
      const reverse = await store.read(ACME, (reader) => reader.audit.list({ order: 'newest-first' }))
      check.equal(reverse.items, [first, third, second], 'the records, newest first')
    },
  },
  {
    id: 'AUD-06.filters',
    rules: ['AUD-06', 'QRY-01'],
    title:
      'every filter alone, all pairs of them and all together select exactly the records that match, page by page',
    timeoutMs: 60_000,
    async run({ open, check, make }) {
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
      const records: AuditRecord[] = []
      for (let index = 0; index < 48; index++) {
        const actor = actors[index % 3] ?? actors[0]
        const target = targets[index % 2] ?? targets[0]
        const outcome = (['allowed', 'denied', 'failed'] as const)[Math.floor(index / 3) % 3] ?? 'allowed'
        records.push(
          make.audit(ACME.tenantId, {
            actor,
            target,
            outcome,
            action: `user.act${Math.floor(index / 2) % 4}`,
          }),
        )
      }
      await store.transact(ACME, (tx) => {
        for (const record of records) void tx.audit.append(record)
      })
      await store.transact(OTHER, (tx) =>
        tx.audit.append({ ...(records[0] as AuditRecord), tenantId: OTHER.tenantId }),
      )
      const single: readonly AuditFilter[] = [
        { actor: actors[0] },
        { actor: actors[1] },
        { target: targets[1] },
        { action: 'user.act2' },
        { outcome: 'denied' },
        { from: records[20]?.occurredAt ?? '' },
        { until: records[30]?.occurredAt ?? '' },
      ]
      const pairs = single.flatMap((one, index) =>
        single.slice(index + 1).map((other) => ({ ...one, ...other })),
      )
      const all = Object.assign({}, ...single) as AuditFilter
      for (const filter of [...single, ...pairs, all, { action: 'user.nobody' }]) {
        const expected = records.filter((record) => matches(record, filter))
        const found: AuditRecord[] = []
        for (let cursor: string | undefined; ; ) {
          const page = await store.read(ACME, (reader) =>
            reader.audit.list({ filter, page: { limit: 5, ...(cursor === undefined ? {} : { cursor }) } }),
          )
          found.push(...page.items)
          if (page.nextCursor === null) break
          cursor = page.nextCursor
        }
        check.equal(
          found.map(({ id }) => id),
          expected.map(({ id }) => id),
          `records for ${Object.keys(filter).join(' and ')}`,
        )
      }
    },
  },
]

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
