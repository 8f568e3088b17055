import { type CaseContext, type ConformanceCase, onlyDurable } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'

/** How long a denial may take while its own transaction holds whatever there is to hold. */
const DENIAL_TIMEOUT_MS = 4_000

export const DENIAL_CASES: readonly ConformanceCase[] = [
  {
    id: 'AUD-03.denial-survives-outer-rollback',
    rules: ['AUD-03', 'AUD-04', 'TXN-02'],
    title:
      'a denial inside a nested and an outer transaction that both roll back is durable before its caller goes on',
    run: (context) => showSurvivingDenial(context),
  },
  {
    id: 'AUD-03.denial-is-independent-of-a-commit',
    rules: ['AUD-03', 'AUD-06'],
    title: 'a denial is there before the transaction around it commits, and stays beside what that commits',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const [denial, allowed] = [make.audit(ACME.tenantId, { outcome: 'denied' }), make.audit(ACME.tenantId)]
      await store.transact(ACME, async (tx) => {
        await tx.audit.append(allowed)
        await store.recordDenial(ACME, denial)
        for (const other of stores) {
          const seen = await other.read(ACME, (reader) => reader.audit.list())
          check.equal(seen.items, [denial], 'what others see before the commit')
        }
      })
      await store.read(ACME, async (reader) => {
        check.equal(
          (await reader.audit.list()).items,
          [denial, allowed],
          'the records, in the order of commits',
        )
        check.equal((await reader.outbox.list()).items, [], 'the events: a denial emits none')
      })
      const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 5, leaseMs: 10_000 })
      check.equal(deliveries, [], 'the events that leave')
    },
  },
  {
    id: 'AUD-03.denials-of-reads-and-other-scopes',
    rules: ['AUD-03', 'AUD-04'],
    title:
      'a denial can be recorded from within a read, and in another scope than that of the work around it',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const inRead = make.audit(ACME.tenantId, { outcome: 'denied' })
      const inOther = make.audit(OTHER.tenantId, { outcome: 'denied' })
      const onPlatform = make.audit(null, { outcome: 'failed', reason: 'DUPLICATE_IDENTITY' })
      const forTenant = make.audit(OTHER.tenantId, { outcome: 'failed' })
      const reading = store.read(ACME, async (reader) => {
        await reader.users.list()
        await store.recordDenial(ACME, inRead)
        await store.recordDenial(OTHER, inOther)
        await store.recordDenial(PLATFORM, onPlatform)
        await store.recordDenial(PLATFORM, forTenant)
        return 'read'
      })
      const settled = await check.settlesWithin(reading, DENIAL_TIMEOUT_MS, 'a read with denials')
      check.equal(settled, { status: 'fulfilled', value: 'read' }, 'its outcome')
      for (const [scope, expected] of [
        [ACME, [inRead]],
        [OTHER, [inOther, forTenant]],
        [PLATFORM, [onPlatform]],
      ] as const) {
        const { items } = await store.read(scope, (reader) => reader.audit.list())
        check.equal(items, expected, `the records of ${JSON.stringify(scope)}`)
      }
    },
  },
  {
    id: 'AUD-04.denials-of-many-open-transactions',
    rules: ['AUD-04', 'AUD-03'],
    title:
      'ten transactions that hold all connections, and locks on the audit log, record their denials in time',
    async run({ open, check, make }) {
      for (const maxConnections of [1, 2]) {
        const store = await open({ maxConnections })
        const denials = Array.from({ length: 10 }, () => make.audit(ACME.tenantId, { outcome: 'denied' }))
        const transactions = denials.map((denial) =>
          store.transact(ACME, async (tx) => {
            await tx.audit.append(make.audit(ACME.tenantId))
            await tx.users.list()
            await store.recordDenial(ACME, denial)
          }),
        )
        const what = `ten transactions with denials over ${maxConnections} connections`
        const settled = await check.settlesWithin(Promise.all(transactions), 8_000, what)
        check.equal(settled.status, 'fulfilled', `the outcome of ${what}`)
        const filter = { outcome: 'denied' } as const
        const { items } = await store.read(ACME, (reader) => reader.audit.list({ filter }))
        const recorded = new Set(items.map(({ id }) => id))
        check.equal(
          denials.filter(({ id }) => !recorded.has(id)),
          [],
          `denials that are not on record, over ${maxConnections} connections`,
        )
      }
    },
  },
  {
    id: 'AUD-05.what-is-no-denial-is-refused',
    rules: ['AUD-05', 'AUD-03', 'VAL-02'],
    title: 'recordDenial takes denied and failed, and refuses what is no denial or malformed',
    async run({ open, check, make }) {
      const store = await open()
      const failed = make.audit(null, { outcome: 'failed', reason: 'DUPLICATE_IDENTITY' })
      await store.recordDenial(PLATFORM, failed)
      const bad = [
        make.audit(null),
        make.audit(null, { outcome: 'denied', id: 'no id' }),
        make.audit(null, { outcome: 'denied', action: '' }),
        make.audit(null, { outcome: 'denied', reason: 'nul\u0000' }),
      ]
      for (const record of bad) {
        const what = `a denial that is ${record.outcome} with action ${record.action}`
        await check.rejects(() => store.recordDenial(PLATFORM, record), 'VALIDATION', what)
      }
      const codes = ['DUPLICATE_KEY', 'DENIAL_NOT_RECORDED'] as const
      await check.rejects(store.recordDenial(PLATFORM, failed), codes, 'the same record once more')
      const { items } = await store.read(PLATFORM, (reader) => reader.audit.list())
      check.equal(items, [failed], 'what is on record')
    },
  },
  {
    id: 'AUD-05.denial-without-a-backend-is-an-error',
    rules: ['AUD-05', 'LIF-02'],
    title:
      'a denial that cannot be made durable is DENIAL_NOT_RECORDED, not a quiet pass, and works again later',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 60_000,
    run: (context) => showLostDenials(context),
  },
]

async function showSurvivingDenial({ open, check, make, capabilities }: CaseContext): Promise<void> {
  const store = await open({ maxConnections: 1 })
  // Its only connection is taken while the denial is looked for.
  const observer = capabilities.durability.shared ? await open() : store
  const boom = new Error('refused')
  const denial = make.audit(ACME.tenantId, { outcome: 'denied', reason: 'not allowed' })
  const outer = store.transact(ACME, async (tx) => {
    await tx.audit.append(make.audit(ACME.tenantId))
    make.insertMember(tx, ACME.tenantId)
    await tx.users.list()
    await tx.transact(async (nested) => {
      await nested.audit.append(make.audit(ACME.tenantId))
      await nested.users.list()
      const recorded = store.recordDenial(ACME, denial)
      const what =
        'the denial while its transaction holds the only connection and has appended to the same log'
      const settled = await check.settlesWithin(recorded, DENIAL_TIMEOUT_MS, what)
      check.equal(settled, { status: 'fulfilled', value: undefined }, 'the outcome of the denial')
      const seen = await observer.read(ACME, (reader) => reader.audit.get(denial.id))
      check.equal(seen, denial, 'the denial for everybody, when its caller goes on')
      throw boom
    })
  })
  await check.rejectsWith(outer, boom, 'the outer transaction')
  await store.read(ACME, async (reader) => {
    const { items } = await reader.audit.list()
    check.equal(items, [denial], 'the audit records afterwards: the denial and nothing else')
    const counts = await reader.countRecords()
    check.equal([counts.user, counts['outbox-event']], [0, 0], 'users and events afterwards')
  })
  const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 5, leaseMs: 10_000 })
  check.equal(deliveries, [], 'the events that leave')
}

async function showLostDenials({ backend, open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const [kept, lost, later] = Array.from({ length: 3 }, () =>
    make.audit(ACME.tenantId, { outcome: 'denied' }),
  )
  if (kept === undefined || lost === undefined || later === undefined) throw new TypeError('three were made')
  await store.recordDenial(ACME, kept)
  const [begun, finish] = [createGate(), createGate()]
  const around = store.transact(ACME, async (tx) => {
    await tx.users.list()
    begun.open()
    await finish.opened
  })
  await Promise.race([begun.opened, around])
  await backend.kill()
  const call = store.recordDenial(ACME, lost)
  await check.settlesWithin(call, 15_000, 'a denial inside a transaction whose backend has gone')
  const error = await check.rejects(call, 'DENIAL_NOT_RECORDED', 'its outcome')
  check.equal(error.retryable, true, 'whether it may be tried again')
  finish.open()
  const settled = await check.settlesWithin(around, 20_000, 'the transaction around it')
  check.equal(settled.status, 'rejected', 'the outcome of the transaction around it')
  const again = store.recordDenial(ACME, lost)
  await check.settlesWithin(again, 15_000, 'a denial while the backend is down')
  await check.rejects(again, 'DENIAL_NOT_RECORDED', 'the outcome of a denial while the backend is down')
  await backend.start()
  await check.eventually(
    () =>
      store.recordDenial(ACME, later).then(
        () => true,
        () => undefined,
      ),
    'denials are recorded again',
    20_000,
  )
  const { items } = await store.read(ACME, (reader) => reader.audit.list())
  check.equal(items, [kept, later], 'the records afterwards: what was refused is not among them')
}
