import type { Scope, StoreTransaction } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyEnforced } from '../../case.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'
import { addEveryKind } from '../every-kind.ts'

/** What is no tenant, with a name that a report can show. */
const MALFORMED_TENANTS: readonly (readonly [name: string, tenantId: unknown])[] = [
  ['empty', ''],
  ['a space', ' '],
  ['with a space inside', 'a b'],
  ['with a space after it', 'acme '],
  ['with a tab', 'tab\t'],
  ['with a line feed', 'acme\n'],
  ['not ASCII', 'ä'],
  ['DEL', '\u007f'],
  ['U+0000', '\u0000'],
  ['with U+0000 after it', 'acme\u0000'],
  ['129 characters', 'x'.repeat(129)],
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['a boolean', true],
  ['an object', {}],
  ['a list', ['acme']],
  ['a String object', Object('acme')],
]

export const BOUNDARY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TEN-01.lists-and-counts-omit-other-tenants',
    rules: ['TEN-01', 'QRY-03'],
    title: 'lists, audit, outbox and counts of a tenant hold its own and nothing of another',
    async run({ open, check, make }) {
      const store = await open()
      const [mine, theirs] = [
        await addEveryKind(store, make, ACME.tenantId),
        await addEveryKind(store, make, OTHER.tenantId),
      ]
      for (const [scope, own] of [
        [ACME, mine],
        [OTHER, theirs],
      ] as const) {
        const { tenantId } = scope
        await store.read(scope, async (reader) => {
          const { group } = own.membership
          const lists = {
            users: (await reader.users.list()).items,
            tenantAccounts: (await reader.tenantAccounts.list()).items,
            bindings: (await reader.applicationBindings.list()).items,
            group: (await reader.memberships.listByGroup({ group })).items,
            audit: (await reader.audit.list()).items,
            newest: (await reader.audit.list({ order: 'newest-first' })).items,
            byActor: (await reader.audit.list({ filter: { actor: own.audit.actor } })).items,
            outbox: (await reader.outbox.list()).items.map(({ event }) => event),
          }
          const { user, tenantAccount, binding, membership, audit, event } = own
          const expected = {
            users: [user],
            tenantAccounts: [tenantAccount],
            bindings: [binding],
            group: [membership],
            audit: [audit],
            newest: [audit],
            byActor: [audit],
            outbox: [event],
          }
          check.equal(lists, expected, `the lists of ${tenantId}`)
          const { 'profile-value': values, application, catalog, ...others } = await reader.countRecords()
          check.equal([values, application, catalog], [3, 2, 2], `some counts of ${tenantId}`)
          check.equal(new Set(Object.values(others)), new Set([1]), `the other counts of ${tenantId}`)
        })
      }
    },
  },
  {
    id: 'TEN-01.cursors-do-not-cross',
    rules: ['TEN-01', 'QRY-01'],
    title: 'a cursor that was given out in one tenant shows nothing of it in another',
    async run({ open, check, make }) {
      const store = await open()
      const own = new Map<string, Set<string>>()
      for (const { tenantId } of [ACME, OTHER]) {
        const ids = new Set<string>()
        for (let index = 0; index < 3; index++) {
          const member = await make.addMember(store, tenantId)
          const audit = make.audit(tenantId)
          const event = make.event(tenantId)
          await store.transact({ tenantId }, (tx) => {
            void tx.audit.append(audit)
            void tx.outbox.append(event)
          })
          for (const { id } of [member.user, member.tenantAccount, audit, event]) ids.add(id)
        }
        own.set(tenantId, ids)
      }
      const lists = ['users', 'tenantAccounts', 'audit', 'outbox'] as const
      for (const list of lists) {
        const read = async (scope: Scope, cursor?: string) => {
          const page = { limit: 1, ...(cursor === undefined ? {} : { cursor }) }
          return await store.read(scope, async (reader) => {
            if (list === 'audit') return await reader.audit.list({ page })
            if (list === 'outbox') {
              const { items, nextCursor } = await reader.outbox.list({ page })
              return { items: items.map(({ event }) => event), nextCursor }
            }
            return await reader[list].list(page)
          })
        }
        for (const [from, to] of [
          [ACME, OTHER],
          [OTHER, ACME],
        ] as const) {
          const { nextCursor } = await read(from)
          const [outcome] = await Promise.allSettled([read(to, nextCursor ?? '')])
          if (outcome.status === 'rejected') {
            await check.rejects(Promise.reject(outcome.reason), 'CURSOR_INVALID', `the cursor of ${list}`)
            continue
          }
          const foreign = outcome.value.items.filter(({ id }) => !own.get(to.tenantId)?.has(id))
          check.equal(foreign, [], `items of the other tenant behind a cursor of ${list}`)
        }
      }
    },
  },
  {
    id: 'TEN-01.writes-name-their-own-tenant',
    rules: ['TEN-01', 'TEN-04'],
    title: 'writes in a tenant scope that name another tenant, or the platform, are TENANT_BOUNDARY',
    run: (context) => showMisnamedWrites(context),
  },
  {
    id: 'TEN-05.malformed-tenants-are-refused',
    rules: ['TEN-05', 'SHP-01', 'VAL-02'],
    title:
      'a missing, empty or malformed tenant is SCOPE_INVALID before anything is done, and VALIDATION in a record',
    async run({ open, check, make }) {
      const store = await open()
      const { account } = await make.addMember(store, ACME.tenantId)
      for (const [name, tenantId] of MALFORMED_TENANTS) {
        const scope = { tenantId } as Scope
        let ran = false
        const work = () => {
          ran = true
        }
        const denial = make.audit(ACME.tenantId, { outcome: 'denied' })
        await check.rejects(() => store.read(scope, work), 'SCOPE_INVALID', `a read, tenant ${name}`)
        await check.rejects(
          () => store.transact(scope, work),
          'SCOPE_INVALID',
          `a transaction, tenant ${name}`,
        )
        await check.rejects(
          () => store.recordDenial(scope, denial),
          'SCOPE_INVALID',
          `a denial, tenant ${name}`,
        )
        check.ok(!ran, `no work is done, tenant ${name}`)
        const named = tenantId as string
        const writes: Record<string, (tx: StoreTransaction) => Promise<void>> = {
          'a tenant account': (tx) => tx.tenantAccounts.insert(make.tenantAccount(named, account)),
          // Null is the platform for these two.
          ...(tenantId === null
            ? {}
            : {
                'an audit record': (tx) => tx.audit.append(make.audit(named)),
                'an event': (tx) => tx.outbox.append(make.event(named)),
              }),
        }
        for (const [record, write] of Object.entries(writes))
          await check.rejects(store.transact(PLATFORM, write), 'VALIDATION', `${record}, tenant ${name}`)
      }
      for (const tenantId of [
        '!',
        '~',
        'x'.repeat(128),
        '%_\\"\';--',
        'p',
        't',
        'r',
        'null',
        'undefined',
        '*',
      ]) {
        const users = await store.read({ tenantId }, (reader) => reader.users.list())
        check.equal(users.items, [], `users of the odd but legal tenant ${tenantId.slice(0, 12)}`)
        const { user } = await make.addMember(store, tenantId)
        const after = await store.read({ tenantId }, (reader) => reader.users.list())
        check.equal(after.items, [user], `users of ${tenantId.slice(0, 12)} when it has one`)
      }
    },
  },
  {
    id: 'TEN-06.engine-holds-without-predicates',
    rules: ['TEN-06', 'TEN-05'],
    title:
      'a caller who forgets every predicate sees its own tenant’s rows, and without a tenant none at all',
    notFor: onlyEnforced,
    needs: ['tenantLayers'],
    async run({ tenantLayers, namespace, open, check, make }) {
      const store = await open()
      await addEveryKind(store, make, OTHER.tenantId)
      const own = await tenantLayers.countWithoutPredicates(namespace, OTHER.tenantId)
      check.ok(Object.keys(own).length >= 6, 'the harness looks at every tenant table', Object.keys(own))
      for (const [table, count] of Object.entries(own))
        check.ok(count > 0, `rows of ${table} for their own tenant`, count)
      for (const tenantId of [ACME.tenantId, 'nobody', '%', null]) {
        const counts = await tenantLayers.countWithoutPredicates(namespace, tenantId)
        check.equal(Object.keys(counts), Object.keys(own), 'the tables that were looked at')
        for (const [table, count] of Object.entries(counts))
          check.equal(count, 0, `rows of ${table} for ${tenantId ?? 'a caller without tenant'}`)
      }
    },
  },
]

async function showMisnamedWrites({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { account, tenantAccount, user } = await make.addMember(store, ACME.tenantId)
  const { application, catalog } = await make.addApplication(store)
  const { tenantId } = OTHER
  const inOther = { level: 'application', tenantId, applicationId: application.id } as const
  const writes: readonly (readonly [string, string, (tx: StoreTransaction) => Promise<void>])[] = [
    ['tenant-account', tenantId, (tx) => tx.tenantAccounts.insert(make.tenantAccount(tenantId, account))],
    ['application-binding', tenantId, (tx) => tx.applicationBindings.insert(make.binding(tenantId, catalog))],
    ['membership', tenantId, (tx) => tx.memberships.insert(make.membership({ ...tenantAccount, tenantId }))],
    [
      'profile-value',
      tenantId,
      (tx) => tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', tenantId }, 1)),
    ],
    [
      'profile-value',
      `an application in ${tenantId}`,
      (tx) => tx.profileValues.insert(make.profileValue(user.id, inOther, 1)),
    ],
    ['audit-record', tenantId, (tx) => tx.audit.append(make.audit(tenantId))],
    ['audit-record', 'the platform', (tx) => tx.audit.append(make.audit(null))],
    ['outbox-event', tenantId, (tx) => tx.outbox.append(make.event(tenantId))],
    ['outbox-event', 'the platform', (tx) => tx.outbox.append(make.event(null))],
  ]
  for (const [entity, named, write] of writes) {
    const error = await check.rejects(store.transact(ACME, write), 'TENANT_BOUNDARY', `${entity} of ${named}`)
    check.equal(error.data, { entity }, `what the refusal of ${entity} of ${named} says`)
  }
  for (const named of [tenantId, null]) {
    const denial = make.audit(named, { outcome: 'denied' })
    await check.rejects(store.recordDenial(ACME, denial), 'TENANT_BOUNDARY', `a denial of ${named}`)
  }
  for (const scope of [OTHER, PLATFORM]) {
    const counts = await store.read(scope, (reader) => reader.countRecords())
    const found = [
      counts['tenant-account'],
      counts.membership,
      counts['audit-record'],
      counts['outbox-event'],
    ]
    check.equal(found, [0, 0, 0, 0], `records in ${JSON.stringify(scope)} afterwards`)
  }
  const audit = make.audit(tenantId)
  await store.transact(PLATFORM, async (tx) => {
    await tx.audit.append(audit)
    await tx.outbox.append(make.event(tenantId))
    await tx.audit.append(make.audit(null))
  })
  const seen = await store.read(OTHER, async (reader) => [
    (await reader.audit.list()).items,
    (await reader.outbox.list()).items.length,
  ])
  check.equal(seen, [[audit], 1], 'what the platform recorded for a tenant')
}
