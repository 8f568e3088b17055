import {
  isUserEngineError,
  type Scope,
  type StoreReader,
  type StoreTransaction,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyEnforced } from '../../case.ts'
import type { Check } from '../../check.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'
import { show } from '../../show.ts'
import { addEveryKind, type EveryKind, makeEveryKind, readEveryKind } from '../every-kind.ts'
import { type NamedAttempt, type Outcome, READ_ATTEMPTS, WRITE_ATTEMPTS } from '../methods.ts'

export const MATRIX_CASES: readonly ConformanceCase[] = [
  {
    id: 'TEN-04.every-method-every-id',
    rules: ['TEN-04', 'TEN-01', 'TEN-02'],
    title:
      'every method, in a read, a transaction and a nested one, treats every id and key of another tenant exactly as an unknown one',
    timeoutMs: 120_000,
    async run({ open, check, make }) {
      const store = await open()
      const victim = await addEveryKind(store, make, OTHER.tenantId)
      await attackAll({ store, check, make, victim })
      await assertUntouched(store, check, victim)
    },
  },
  {
    id: 'TEN-04.every-method-for-members-of-both',
    rules: ['TEN-04', 'TEN-01', 'TEN-02', 'TEN-03'],
    title:
      'a tenant that shares a user with another sees the user and reaches nothing else of it in the other tenant',
    timeoutMs: 120_000,
    run: (context) => showSharedUsers(context),
  },
  {
    id: 'TEN-04.platform-is-no-bypass',
    rules: ['TEN-04', 'TEN-01'],
    title: 'every method that belongs to a tenant is SCOPE_NOT_ALLOWED, or a miss, in a platform scope',
    async run({ open, check, make }) {
      const store = await open()
      const victim = await addEveryKind(store, make, OTHER.tenantId)
      for (const attempt of READ_ATTEMPTS) {
        const what = `${attempt.name} in a platform scope`
        const seen = await observe(() => store.read(PLATFORM, (reader) => attempt.call(reader, victim, make)))
        expectOutcome(check, { seen, expected: attempt.onPlatform, what })
      }
      for (const attempt of WRITE_ATTEMPTS) {
        const what = `${attempt.name} in a platform scope`
        const seen = await observeWrite(store, PLATFORM, (tx) => attempt.call(tx, victim, make))
        expectOutcome(check, { seen, expected: attempt.onPlatform, what })
      }
      await assertUntouched(store, check, victim)
    },
  },
  {
    id: 'TEN-06.predicates-hold-without-the-engine',
    rules: ['TEN-06', 'TEN-01', 'TEN-04'],
    title: 'with the engine’s enforcement switched off the store’s own predicates still keep tenants apart',
    notFor: onlyEnforced,
    needs: ['tenantLayers'],
    timeoutMs: 120_000,
    async run({ tenantLayers, namespace, open, check, make }) {
      const store = await open()
      const victim = await addEveryKind(store, make, OTHER.tenantId)
      const bare = await tenantLayers.openWithoutEngine(namespace)
      await attackAll({ store: bare, check, make, victim })
      const { application, catalog, ...others } = await bare.read(ACME, (reader) => reader.countRecords())
      for (const [kind, count] of Object.entries(others))
        check.equal(count, 0, `count of ${kind} without the engine`)
      check.equal([application, catalog], [1, 1], 'counts of what is the platform’s')
      await assertUntouched(store, check, victim)
    },
  },
]

/** What a call came to, in a form that two calls can be compared by. */
type Seen = { readonly value: unknown } | { readonly error: unknown }

async function observe(call: () => Promise<unknown>): Promise<Seen> {
  try {
    return { value: await call() }
  } catch (error) {
    return { error }
  }
}

const UNDO = new Error('the attempt is over')

/** Makes a write surface, and undoes it where it was let through. */
async function observeWrite(
  store: UserEngineStore,
  scope: Scope,
  call: (tx: StoreTransaction) => Promise<unknown>,
): Promise<Seen> {
  const seen = await observe(() =>
    store.transact(scope, async (tx) => {
      await call(tx)
      await tx.applications.list({ limit: 1 })
      throw UNDO
    }),
  )
  return 'error' in seen && seen.error === UNDO ? { value: undefined } : seen
}

function expectOutcome(
  check: Check,
  { seen, expected, what }: { readonly seen: Seen; readonly expected: Outcome; readonly what: string },
): void {
  if (expected === 'answer') {
    // Whatever comes of it: the scope itself is no reason to refuse.
    const refusals = ['SCOPE_NOT_ALLOWED', 'TENANT_BOUNDARY', 'SCOPE_INVALID', 'NOT_FOUND', 'INTERNAL']
    const code = 'error' in seen && isUserEngineError(seen.error) ? seen.error.code : null
    const isAnswer = 'value' in seen || (code !== null && !refusals.includes(code))
    check.ok(isAnswer, what, 'error' in seen ? show(seen.error) : undefined)
    return
  }
  if (expected === 'miss' || expected === 'empty') {
    const nothing = expected === 'miss' ? null : { items: [], nextCursor: null }
    check.equal('value' in seen ? seen.value : show(seen.error), nothing, what)
    return
  }
  const code = 'error' in seen && isUserEngineError(seen.error) ? seen.error.code : show(seen)
  check.equal(code, expected, what)
}

interface Attack {
  readonly store: UserEngineStore
  readonly check: Check
  readonly make: RecordMaker
  readonly victim: EveryKind
}

/** Tries every entry of the tables from another tenant, and each once more with ids that nobody has. */
async function attackAll({ store, check, make, victim }: Attack): Promise<void> {
  const ghost = {
    ...makeEveryKind(make, OTHER.tenantId),
    application: victim.application,
    catalog: victim.catalog,
  }
  const handles: Record<string, (work: (handle: StoreReader) => Promise<unknown>) => Promise<Seen>> = {
    'a read': (work) => observe(() => store.read(ACME, work)),
    'a transaction': (work) => observe(() => store.transact(ACME, work)),
    'a nested transaction': (work) => observe(() => store.transact(ACME, (tx) => tx.transact(work))),
  }
  for (const [handle, run] of Object.entries(handles)) {
    for (const { name, call, inOtherTenant } of READ_ATTEMPTS) {
      const what = `${name} in ${handle} with what is another tenant’s`
      const seen = await run((reader) => call(reader, victim, make))
      expectOutcome(check, { seen, expected: inOtherTenant, what })
    }
  }
  const writers: Record<
    string,
    (attempt: NamedAttempt<StoreTransaction>, records: EveryKind) => Promise<Seen>
  > = {
    'a transaction': ({ call }, records) => observeWrite(store, ACME, (tx) => call(tx, records, make)),
    'a nested transaction': ({ call }, records) =>
      observeWrite(store, ACME, (tx) => tx.transact((nested) => call(nested, records, make))),
  }
  for (const [writer, run] of Object.entries(writers)) {
    for (const attempt of WRITE_ATTEMPTS) {
      const what = `${attempt.name} in ${writer} with what is another tenant’s`
      const seen = await run(attempt, victim)
      expectOutcome(check, { seen, expected: attempt.inOtherTenant, what })
      // Ids of users are the platform's, so that one that is taken cannot look free.
      if (attempt.inOtherTenant !== 'NOT_FOUND') continue
      const unknown = await run(attempt, ghost)
      const strip = (of: Seen, records: EveryKind) => describe(of, records)
      check.equal(strip(seen, victim), strip(unknown, ghost), `${what}, beside what is nobody’s`)
    }
  }
}

/** An error as JSON, with every id of the records replaced by what it is the id of. */
function describe(seen: Seen, records: EveryKind): string {
  let text = 'error' in seen ? JSON.stringify(seen.error) : JSON.stringify(seen.value ?? null)
  for (const [kind, { id }] of Object.entries(records)) text = text.replaceAll(id, `<id of ${kind}>`)
  return text
}

async function assertUntouched(store: UserEngineStore, check: Check, victim: EveryKind): Promise<void> {
  const found = await store.read(OTHER, (reader) => readEveryKind(reader, victim))
  check.equal(found, victim, 'the records of the other tenant afterwards')
}

/** The kinds of one tenant alone: a tenant that sees the user still does not see these. */
const OF_ONE_TENANT = /^(tenantAccounts|applicationBindings|memberships|audit|outbox)\./

async function showSharedUsers({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const victim = await addEveryKind(store, make, OTHER.tenantId)
  const mine = make.tenantAccount(ACME.tenantId, victim.account)
  await store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(mine))
  const { user, account, identity, globalValue } = victim
  await store.read(ACME, async (reader) => {
    const ofUser = { userId: user.id }
    check.equal(await reader.users.get(user.id), user, 'the shared user')
    check.equal(await reader.accounts.get(account.id), account, 'the shared account')
    check.equal(await reader.externalIdentities.get(identity.id), identity, 'the identity of the shared user')
    check.equal(await reader.tenantAccounts.findByAccount(account.id), mine, 'the tenant account by account')
    check.equal((await reader.tenantAccounts.list()).items, [mine], 'the tenant accounts')
    check.equal(
      (await reader.tenantAccounts.listByUser(ofUser)).items,
      [mine],
      'the tenant accounts of the user',
    )
    const { application } = victim
    const values = await reader.profileValues.listByUser({ ...ofUser, applicationId: application.id })
    check.equal(
      values.items,
      [globalValue],
      'the profile values: the global one and none of the other tenant',
    )
    const counts = await reader.countRecords()
    const { 'profile-value': value, 'tenant-account': presence, membership } = counts
    check.equal([value, presence, membership], [1, 1, 0], 'the counts')
    check.equal([counts['application-binding'], counts['audit-record']], [0, 0], 'more counts')
  })
  for (const { name, call, inOtherTenant } of READ_ATTEMPTS) {
    if (!OF_ONE_TENANT.test(name) || /findByAccount|tenantAccounts\.list/.test(name)) continue
    const seen = await observe(() => store.read(ACME, (reader) => call(reader, victim, make)))
    expectOutcome(check, { seen, expected: inOtherTenant, what: `${name} for a user of both tenants` })
  }
  for (const { name, call, inOtherTenant } of WRITE_ATTEMPTS) {
    const isOfTenant = OF_ONE_TENANT.test(name) && name !== 'tenantAccounts.insert'
    if (!isOfTenant) continue
    const seen = await observeWrite(store, ACME, (tx) => call(tx, victim, make))
    expectOutcome(check, { seen, expected: inOtherTenant, what: `${name} for a user of both tenants` })
  }
  for (const { id, scope, provenance } of [victim.tenantValue, victim.applicationValue]) {
    const { level } = scope
    const change = { ...make.update(id, 1, { value: 'stolen', provenance }), level }
    const changed = await observeWrite(store, ACME, (tx) => tx.profileValues.update(change))
    expectOutcome(check, { seen: changed, expected: 'NOT_FOUND', what: `changing a value of level ${level}` })
    const removal = { id, expectedVersion: 1, level }
    const removed = await observeWrite(store, ACME, (tx) => tx.profileValues.delete(removal))
    expectOutcome(check, { seen: removed, expected: 'NOT_FOUND', what: `deleting a value of level ${level}` })
  }
  await assertUntouched(store, check, victim)
}
