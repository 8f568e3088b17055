import type { ErrorCode, Scope, StoreTransaction } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { ACME, OTHER, PLATFORM } from '../records.ts'
import { addVictim, TENANT_MATRIX } from './tenant-matrix.ts'

const MALFORMED_TENANTS: readonly unknown[] = [
  ...['', ' ', 'a b', 'tab\t', 'ä', 'x'.repeat(129), '\u0000', undefined, null, 7, true, {}, ['acme']],
]

export const TENANT_CASES: readonly ConformanceCase[] = [
  {
    id: 'TEN-01.lists-and-counts-omit-other-tenants',
    rules: ['TEN-01', 'QRY-03'],
    title: 'lists, audit, outbox and counts of one tenant hold nothing of another',
    async run({ open, check, make }) {
      const store = await open()
      const victim = await addVictim(store, make)
      const empty = await store.read(ACME, async (reader) => ({
        users: (await reader.users.list()).items,
        tenantAccounts: (await reader.tenantAccounts.list()).items,
        bindings: (await reader.applicationBindings.list()).items,
        memberships: (await reader.memberships.listByGroup({ group: victim.membership.group })).items,
        audit: (await reader.audit.list()).items,
        outbox: (await reader.outbox.list()).items,
      }))
      for (const [list, items] of Object.entries(empty))
        check.equal(items, [], `${list} seen from another tenant`)
      const { application, catalog, ...others } = await store.read(ACME, (reader) => reader.countRecords())
      for (const [kind, count] of Object.entries(others))
        check.equal(count, 0, `count of ${kind} seen from another tenant`)
      check.equal([application, catalog], [1, 1], 'what belongs to the platform is counted everywhere')
      const own = await store.read(OTHER, (reader) => reader.countRecords())
      for (const [kind, count] of Object.entries(own)) {
        check.ok(count > 0, `count of ${kind} seen from its own tenant`, count)
      }
    },
  },
  {
    id: 'TEN-02.users-follow-their-tenant-accounts',
    rules: ['TEN-02'],
    title: 'a tenant sees users and accounts with a tenant account in it, in any status, and no others',
    async run({ open, check, make }) {
      const store = await open()
      const { user, account, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const second = make.account(user.id)
      const stranger = make.user()
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(stranger)
        await tx.accounts.insert(second)
      })
      const see = (scope: Scope, id: string) => store.read(scope, (reader) => reader.users.get(id))
      const seeAccounts = async (scope: Scope) =>
        (await store.read(scope, (reader) => reader.accounts.listByUser({ userId: user.id }))).items
      check.equal(await see(ACME, user.id), user, 'a member')
      check.equal(await see(ACME, stranger.id), null, 'a user without tenant account')
      check.equal(await see(OTHER, user.id), null, 'a member of another tenant')
      check.equal(
        await seeAccounts(ACME),
        [account],
        'the accounts of a member: only the one that is in the tenant',
      )
      check.equal(
        await seeAccounts(PLATFORM),
        [account, second],
        'the accounts of a member, for the platform',
      )
      check.equal(await seeAccounts(OTHER), [], 'the accounts of a member of another tenant')
      const left = {
        id: tenantAccount.id,
        expectedVersion: 1,
        set: { status: 'left' },
        updatedAt: make.instant(),
      } as const
      await store.transact(ACME, (tx) => tx.tenantAccounts.update(left))
      check.equal(await see(ACME, user.id), user, 'a member that has left')
      const joined = make.tenantAccount(OTHER.tenantId, account)
      await store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(joined))
      check.equal(await see(OTHER, user.id), user, 'a member that the platform brought in')
      const { items } = await store.read(PLATFORM, (reader) =>
        reader.tenantAccounts.listByUser({ userId: user.id }),
      )
      check.equal(
        items.map(({ tenantId }) => tenantId),
        [OTHER.tenantId, ACME.tenantId],
        'the tenants of the user, for the platform',
      )
    },
  },
  {
    id: 'TEN-02.created-and-not-brought-in-is-not-seen',
    rules: ['TEN-02', 'TXN-06'],
    title: 'a user that a tenant scope inserted without a tenant account is invisible to it after the commit',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      await store.transact(ACME, async (tx) => {
        await tx.users.insert(user)
        check.equal(await tx.users.get(user.id), user, 'inside the inserting transaction')
      })
      check.equal(
        await store.read(ACME, (reader) => reader.users.get(user.id)),
        null,
        'afterwards, in the tenant',
      )
      check.equal(
        await store.read(PLATFORM, (reader) => reader.users.get(user.id)),
        user,
        'afterwards, on the platform',
      )
      const change = { id: user.id, expectedVersion: 1, set: {}, updatedAt: make.instant() }
      await check.rejects(
        store.transact(ACME, (tx) => tx.users.update(change)),
        'NOT_FOUND',
        'changing it in the tenant',
      )
      const account = make.account(user.id)
      await check.rejects(
        store.transact(ACME, (tx) => tx.accounts.insert(account)),
        'NOT_FOUND',
        'an account for it in the tenant',
      )
    },
  },
  {
    id: 'TEN-03.same-keys-in-two-tenants',
    rules: ['TEN-03', 'IDN-03'],
    title: 'the same natural keys, and the same ids of tenant records, live side by side in two tenants',
    async run({ open, check, make }) {
      const store = await open()
      const application = make.application()
      const catalog = make.catalog(application.id)
      const user = make.user()
      const account = make.account(user.id)
      const tenantAccount = make.tenantAccount(ACME.tenantId, account)
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(application)
        await tx.catalogs.insert(catalog)
        await tx.users.insert(user)
        await tx.accounts.insert(account)
        for (const { tenantId } of [ACME, OTHER])
          await tx.tenantAccounts.insert({ ...tenantAccount, tenantId })
      })
      const binding = make.binding(ACME.tenantId, catalog)
      const membership = make.membership(tenantAccount)
      const value = make.profileValue(user.id, { level: 'tenant', ...ACME }, 'of acme')
      const [audit, event] = [make.audit(ACME.tenantId), make.event(ACME.tenantId)]
      for (const scope of [ACME, OTHER]) {
        await store.transact(scope, async (tx) => {
          await tx.applicationBindings.insert({ ...binding, ...scope })
          await tx.memberships.insert({ ...membership, ...scope })
          await tx.profileValues.insert({
            ...value,
            value: `of ${scope.tenantId}`,
            scope: { level: 'tenant', ...scope },
          })
          await tx.audit.append({ ...audit, ...scope })
          await tx.outbox.append({ ...event, ...scope })
        })
      }
      const left = {
        id: tenantAccount.id,
        expectedVersion: 1,
        set: { status: 'left' },
        updatedAt: make.instant(),
      } as const
      await store.transact(ACME, (tx) => tx.tenantAccounts.update(left))
      for (const [scope, status] of [
        [ACME, 'left'],
        [OTHER, 'active'],
      ] as const) {
        await store.read(scope, async (reader) => {
          check.equal(
            (await reader.tenantAccounts.get(tenantAccount.id))?.status,
            status,
            'the tenant account',
          )
          check.equal(
            (await reader.memberships.get(membership.id))?.tenantId,
            scope.tenantId,
            'the membership',
          )
          check.equal(
            (await reader.applicationBindings.get(binding.id))?.tenantId,
            scope.tenantId,
            'the binding',
          )
          const found = await reader.profileValues.find({ ...value, scope: { level: 'tenant', ...scope } })
          check.equal(found?.value, `of ${scope.tenantId}`, 'the profile value')
          check.equal((await reader.audit.get(audit.id))?.tenantId, scope.tenantId, 'the audit record')
          check.equal(
            (await reader.outbox.list()).items.map((entry) => entry.event.tenantId),
            [scope.tenantId],
            'the event',
          )
        })
      }
    },
  },
  {
    id: 'TEN-04.every-method-every-id',
    rules: ['TEN-04', 'TEN-01'],
    title:
      'every method refuses or misses every id, key and cursor of another tenant, exactly as an unknown one',
    timeoutMs: 120_000,
    run: (context) => showMatrix(context),
  },
  {
    id: 'TEN-01.writes-name-their-own-tenant',
    rules: ['TEN-01', 'TEN-04'],
    title: 'writes in a tenant scope that name another tenant, or the platform, are TENANT_BOUNDARY',
    async run({ open, check, make }) {
      const store = await open()
      const { account, tenantAccount, user } = await make.addMember(store, ACME.tenantId)
      const application = make.application()
      const catalog = make.catalog(application.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(application)
        await tx.catalogs.insert(catalog)
      })
      const { tenantId } = OTHER
      const inOther = { level: 'application', tenantId, applicationId: application.id } as const
      const writes: Record<string, (tx: StoreTransaction) => Promise<void>> = {
        'tenant account': (tx) => tx.tenantAccounts.insert(make.tenantAccount(tenantId, account)),
        binding: (tx) => tx.applicationBindings.insert(make.binding(tenantId, catalog)),
        membership: (tx) => tx.memberships.insert(make.membership({ ...tenantAccount, tenantId })),
        'tenant value': (tx) =>
          tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', tenantId }, 1)),
        'application value': (tx) => tx.profileValues.insert(make.profileValue(user.id, inOther, 1)),
        'audit record': (tx) => tx.audit.append(make.audit(tenantId)),
        'audit record of the platform': (tx) => tx.audit.append(make.audit(null)),
        event: (tx) => tx.outbox.append(make.event(tenantId)),
        'event of the platform': (tx) => tx.outbox.append(make.event(null)),
      }
      for (const [name, write] of Object.entries(writes)) {
        await check.rejects(store.transact(ACME, write), 'TENANT_BOUNDARY', name)
      }
      const denial = make.audit(tenantId, { outcome: 'denied' })
      await check.rejects(store.recordDenial(ACME, denial), 'TENANT_BOUNDARY', 'a denial')
      const counts = await store.read(OTHER, (reader) => reader.countRecords())
      check.equal(
        [counts['tenant-account'], counts.membership, counts['audit-record']],
        [0, 0, 0],
        'records of the other tenant',
      )
    },
  },
  {
    id: 'TEN-04.platform-is-no-bypass',
    rules: ['TEN-04', 'TEN-01'],
    title:
      'a platform scope does not reach into a tenant, and a tenant scope does not write what is the platform’s',
    run: (context) => showScopes(context),
  },
  {
    id: 'TEN-05.malformed-tenants-are-refused',
    rules: ['TEN-05', 'SHP-01'],
    title:
      'a missing, empty or malformed tenant is SCOPE_INVALID before anything is sent, in the scope and in records',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      for (const tenantId of MALFORMED_TENANTS) {
        const scope = { tenantId } as unknown as Scope
        const what = `tenant ${JSON.stringify(tenantId)?.slice(0, 40)}`
        const read = store.read(scope, (reader) => reader.users.get(user.id))
        await check.rejects(read, 'SCOPE_INVALID', `a read for ${what}`)
        await check.rejects(
          store.transact(scope, (tx) => tx.users.list()),
          'SCOPE_INVALID',
          `a transaction for ${what}`,
        )
        if (tenantId === null) continue
        const audit = { ...make.audit(null), tenantId: tenantId as string }
        await check.rejects(
          store.transact(PLATFORM, (tx) => tx.audit.append(audit)),
          'VALIDATION',
          `a record of ${what}`,
        )
      }
      for (const tenantId of ['!', '~', 'x'.repeat(128), '%_\\"\';--', 'p', 't', 'r']) {
        const users = await store.read({ tenantId }, (reader) => reader.users.list())
        check.equal(users.items, [], `users of the odd but legal tenant ${tenantId.slice(0, 12)}`)
      }
    },
  },
  {
    id: 'TEN-06.predicates-hold-without-the-engine',
    rules: ['TEN-06', 'TEN-01'],
    title: 'with the engine’s enforcement switched off the store’s own predicates still keep tenants apart',
    notFor: ({ tenancy }) => (tenancy.enforcement === 'store' ? 'tenancy.enforcement is store' : null),
    needs: ['tenantLayers'],
    timeoutMs: 120_000,
    async run(context) {
      const { harness, namespace, open, check, make } = context
      const layers = harness.tenantLayers
      if (layers === undefined) return
      const victim = await addVictim(await open(), make)
      const bare = await layers.openWithoutEngine(namespace)
      try {
        await attackAll(context, (work) => bare.transact(ACME, work), victim)
        const { application, catalog, ...others } = await bare.read(ACME, (reader) => reader.countRecords())
        for (const [kind, count] of Object.entries(others))
          check.equal(count, 0, `count of ${kind} without the engine`)
        check.ok(application + catalog > 0, 'the platform’s records are still counted')
      } finally {
        await bare.close()
      }
    },
  },
  {
    id: 'TEN-06.engine-holds-without-predicates',
    rules: ['TEN-06', 'TEN-05'],
    title:
      'a caller who forgets every predicate sees its own tenant’s rows, and without a tenant none at all',
    notFor: ({ tenancy }) => (tenancy.enforcement === 'store' ? 'tenancy.enforcement is store' : null),
    needs: ['tenantLayers'],
    async run({ harness, namespace, open, check, make }) {
      const layers = harness.tenantLayers
      if (layers === undefined) return
      await addVictim(await open(), make)
      const own = await layers.countWithoutPredicates(namespace, OTHER.tenantId)
      check.ok(Object.keys(own).length >= 6, 'the harness looks at every tenant table', Object.keys(own))
      for (const [table, count] of Object.entries(own))
        check.ok(count > 0, `rows of ${table} for their own tenant`, count)
      for (const tenantId of [ACME.tenantId, 'nobody', null]) {
        const counts = await layers.countWithoutPredicates(namespace, tenantId)
        for (const [table, count] of Object.entries(counts)) {
          check.equal(count, 0, `rows of ${table} for ${tenantId ?? 'a caller without tenant'}`)
        }
      }
    },
  },
]

async function showMatrix(context: CaseContext): Promise<void> {
  const { open, make } = context
  const store = await open()
  const victim = await addVictim(store, make)
  await attackAll(context, (work) => store.transact(ACME, work), victim)
}

type RunWork = (work: (tx: StoreTransaction) => Promise<unknown>) => Promise<unknown>

/** Tries every entry of the matrix from another tenant; then the victim must be as it was. */
async function attackAll(
  { check, make }: CaseContext,
  run: RunWork,
  victim: Awaited<ReturnType<typeof addVictim>>,
): Promise<void> {
  for (const [role, methods] of Object.entries(TENANT_MATRIX)) {
    for (const [method, attacks] of Object.entries(methods)) {
      for (const { expected, attempt } of attacks) {
        const what = `${role}.${method} with another tenant’s ids`
        const call = run((tx) => attempt(tx, victim, make))
        if (expected === 'null') check.equal(await call, null, what)
        else if (expected === 'empty')
          check.equal((await call) as unknown, { items: [], nextCursor: null }, what)
        else await check.rejects(call, expected, what)
      }
    }
  }
  await victim.assertUntouched(check)
}

async function showScopes({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { membership, tenantAccount, binding, tenantValue, application, catalog } = await addVictim(
    store,
    make,
  )
  const updatedAt = make.instant()
  const change = { expectedVersion: 1, set: {}, updatedAt }
  const value = {
    expectedVersion: 1,
    set: { value: 1, provenance: tenantValue.provenance },
    updatedAt,
    level: 'tenant',
  } as const
  const inPlatform: Record<string, (tx: StoreTransaction) => Promise<unknown>> = {
    'tenantAccounts.get': (tx) => tx.tenantAccounts.get(tenantAccount.id),
    'tenantAccounts.findByAccount': (tx) => tx.tenantAccounts.findByAccount(tenantAccount.accountId),
    'tenantAccounts.list': (tx) => tx.tenantAccounts.list(),
    'tenantAccounts.update': (tx) => tx.tenantAccounts.update({ ...change, id: tenantAccount.id }),
    'applicationBindings.get': (tx) => tx.applicationBindings.get(binding.id),
    'applicationBindings.findBoundCatalog': (tx) => tx.applicationBindings.findBoundCatalog(application.id),
    'applicationBindings.list': (tx) => tx.applicationBindings.list(),
    'applicationBindings.insert': (tx) =>
      tx.applicationBindings.insert(make.binding(OTHER.tenantId, catalog)),
    'applicationBindings.update': (tx) => tx.applicationBindings.update({ ...change, id: binding.id }),
    'memberships.get': (tx) => tx.memberships.get(membership.id),
    'memberships.find': (tx) => tx.memberships.find(membership),
    'memberships.listByTenantAccount': (tx) =>
      tx.memberships.listByTenantAccount({ tenantAccountId: tenantAccount.id }),
    'memberships.listByGroup': (tx) => tx.memberships.listByGroup({ group: membership.group }),
    'memberships.insert': (tx) => tx.memberships.insert(make.membership(tenantAccount)),
    'memberships.update': (tx) => tx.memberships.update({ ...change, id: membership.id }),
    'memberships.delete': (tx) => tx.memberships.delete({ id: membership.id, expectedVersion: 1 }),
    'profileValues.insert': (tx) =>
      tx.profileValues.insert(make.profileValue(tenantAccount.userId, tenantValue.scope, 1)),
    'profileValues.update': (tx) => tx.profileValues.update({ ...value, id: tenantValue.id }),
    'profileValues.delete': (tx) =>
      tx.profileValues.delete({ id: tenantValue.id, expectedVersion: 1, level: 'tenant' }),
  }
  const inTenant: Record<string, (tx: StoreTransaction) => Promise<unknown>> = {
    'applications.insert': (tx) => tx.applications.insert(make.application()),
    'applications.update': (tx) => tx.applications.update({ ...change, id: application.id }),
    'catalogs.insert': (tx) => tx.catalogs.insert(make.catalog(null)),
    'catalogs.update': (tx) => tx.catalogs.update({ ...change, id: catalog.id }),
  }
  const refused: ErrorCode = 'SCOPE_NOT_ALLOWED'
  for (const [name, call] of Object.entries(inPlatform)) {
    await check.rejects(store.transact(PLATFORM, call), refused, `${name} in a platform scope`)
  }
  for (const [name, call] of Object.entries(inTenant)) {
    await check.rejects(store.transact(OTHER, call), refused, `${name} in a tenant scope`)
  }
  const found = await store.read(PLATFORM, (reader) => reader.profileValues.find(tenantValue))
  check.equal(found, null, 'a tenant’s profile value, for the platform')
  const audit = await store.read(PLATFORM, (reader) => reader.audit.list())
  check.equal(audit.items, [], 'a tenant’s audit records, for the platform')
  const outbox = await store.read(PLATFORM, (reader) => reader.outbox.list())
  check.equal(outbox.items, [], 'a tenant’s events, for the platform')
  const inScope = await store.read(OTHER, (reader) => reader.applications.get(application.id))
  check.equal(inScope, application, 'an application, for a tenant')
}
