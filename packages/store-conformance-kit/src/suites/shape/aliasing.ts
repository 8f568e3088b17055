import type { StoreTransaction } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import {
  addEveryKind,
  type EveryKind,
  insertPlatformKinds,
  insertTenantKinds,
  keyOf,
  makeEveryKind,
  readEveryKind,
} from '../every-kind.ts'

export const ALIASING_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-06.input-is-not-kept',
    rules: ['SHP-06'],
    title:
      'changing a record after it was handed over changes nothing in the store, and the store does not touch it',
    run: (context) => showInputIsNotKept(context),
  },
  {
    id: 'SHP-06.changes-are-not-kept',
    rules: ['SHP-06'],
    title: 'changing what an update was given changes nothing in the store',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const value = make.profileValue(user.id, { level: 'global' }, 'before')
      const given = { list: [1], inner: { a: 1 } }
      const { provenance } = value
      await store.transact(ACME, async (tx) => {
        await tx.profileValues.insert(value)
        const change = { ...make.update(value.id, 1, { value: given, provenance }), level: 'global' } as const
        const written = tx.profileValues.update(change)
        scribble(given)
        await written
      })
      const found = await store.read(ACME, (reader) => reader.profileValues.find(keyOf(value)))
      check.equal(found?.value, { list: [1], inner: { a: 1 } }, 'the value as it was handed over')
    },
  },
  {
    id: 'SHP-06.output-is-not-kept',
    rules: ['SHP-06'],
    title: 'changing a record that was returned changes nothing in the store, from every method',
    run: (context) => showOutputIsNotKept(context),
  },
  {
    id: 'SHP-06.records-are-json',
    rules: ['SHP-06'],
    title:
      'everything a store returns is plain JSON: no class instances, no dates, no undefined, no accessors',
    run: (context) => showPlainness(context),
  },
]

async function showInputIsNotKept({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const expected = makeEveryKind(make, ACME.tenantId)
  const given = structuredClone(expected)
  await store.transact(PLATFORM, (tx) => insertPlatformKinds(tx, given))
  check.equal(given, expected, 'the records that were handed over, after the platform’s were written')
  await store.transact(ACME, async (tx) => {
    insertTenantKinds(tx, given)
    check.equal(given, expected, 'the records that were handed over, after the calls')
    check.equal(findFrozen(given), null, 'which of them the store froze')
    scribble(given)
    check.equal(await readEveryKind(tx, expected), expected, 'the records inside the transaction')
  })
  const found = await store.read(ACME, (reader) => readEveryKind(reader, expected))
  check.equal(found, expected, 'the records as they were handed over')
  const lease = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 1_000 })
  check.equal(lease.deliveries[0]?.event, expected.event, 'the event that is handed over')
}

/** Everything that can be read of the records, by every method that returns some. */
async function readAllWays(tx: StoreTransaction, records: EveryKind): Promise<unknown> {
  const { user, account, application, catalog, tenantAccount, membership, identity } = records
  return {
    ...(await readEveryKind(tx, records)),
    users: await tx.users.list(),
    accounts: await tx.accounts.listByUser({ userId: user.id }),
    ofAccount: await tx.tenantAccounts.findByAccount(account.id),
    tenantAccounts: await tx.tenantAccounts.list(),
    tenantAccountsOfUser: await tx.tenantAccounts.listByUser({ userId: user.id }),
    resolved: await tx.externalIdentities.resolve(identity),
    identities: await tx.externalIdentities.listByUser({ userId: user.id }),
    byKey: await tx.applications.findByKey(application.key),
    applications: await tx.applications.list(),
    bound: await tx.applicationBindings.findByApplication(application.id),
    bindings: await tx.applicationBindings.list(),
    version: await tx.catalogs.findVersion({
      applicationId: application.id,
      key: catalog.key,
      catalogVersion: 1,
    }),
    versions: await tx.catalogs.listVersions({ applicationId: application.id, key: catalog.key }),
    catalogs: await tx.catalogs.list(),
    values: await tx.profileValues.listByUser({ userId: user.id, applicationId: application.id }),
    found: await tx.memberships.find({
      tenantAccountId: tenantAccount.id,
      group: membership.group,
      role: membership.role,
    }),
    memberships: await tx.memberships.listByTenantAccount({ tenantAccountId: tenantAccount.id }),
    group: await tx.memberships.listByGroup({ group: membership.group }),
    audits: await tx.audit.list(),
    newest: await tx.audit.list({ order: 'newest-first' }),
    log: await tx.outbox.list(),
    counts: await tx.countRecords(),
  }
}

async function showOutputIsNotKept({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = await addEveryKind(store, make, ACME.tenantId)
  const read = () => store.transact(ACME, (tx) => readAllWays(tx, records))
  const first = await read()
  const expected = structuredClone(first)
  scribble(first)
  check.equal(await read(), expected, 'what is read after what was read before was changed')
  await store.transact(ACME, async (tx) => {
    scribble(await readAllWays(tx, records))
    check.equal(await readAllWays(tx, records), expected, 'the same within one transaction')
  })
  const { token, deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 60_000 })
  scribble(deliveries)
  await store.outbox.deadLetter({ token, eventIds: [records.event.id], reason: 'never' })
  const letters = await store.outbox.listDeadLetters()
  check.equal(letters.items[0]?.event, records.event, 'the event after the delivery was changed')
  scribble(letters)
  scribble(await store.outbox.stats())
  scribble(await store.diagnostics())
  scribble(await store.readiness())
  const [letter] = (await store.outbox.listDeadLetters()).items
  check.equal([letter?.event, letter?.reason], [records.event, 'never'], 'the letter after it was changed')
  check.equal((await store.outbox.stats()).dead, 1, 'the stats after they were changed')
  check.equal((await store.readiness()).checks.length > 0, true, 'the readiness after it was changed')

  const idempotency = { key: 'k', fingerprint: 'f' }
  const run = () => store.transact(ACME, () => ({ list: [1] }), { idempotency })
  await run()
  scribble(await run())
  check.equal(await run(), { list: [1] }, 'the result of a repeated key after it was changed')
}

async function showPlainness({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = await addEveryKind(store, make, ACME.tenantId)
  const lease = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 60_000 })
  const outputs: Record<string, unknown> = {
    'what handles return': await store.transact(ACME, (tx) => readAllWays(tx, records)),
    'a lease': lease,
    'the end of an extended lease': await store.outbox.extend({
      token: lease.token,
      eventIds: [records.event.id],
      leaseMs: 60_000,
    }),
    'the stats': await store.outbox.stats(),
    'the readiness': await store.readiness(),
    'the schema version': await store.schemaVersion(),
    'the diagnostics': await store.diagnostics(),
    'what was dead-lettered': await store.outbox.nack({
      token: lease.token,
      eventIds: [records.event.id],
      reason: 'later',
      retryAfterMs: 0,
    }),
    'the dead letters': await store.outbox.listDeadLetters(),
  }
  for (const [name, output] of Object.entries(outputs)) {
    check.equal(findOddity(output, name), null, `what in ${name} is no plain JSON`)
    check.equal(JSON.parse(JSON.stringify(output)), output, `${name} after a round trip through JSON`)
  }
}

/** Overwrites whatever can be overwritten, however deep: a frozen value refuses, a copy takes it. Both are fine. */
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    scribble(Reflect.get(value, key))
    Reflect.set(value, key, 'scribbled')
  }
  if (Array.isArray(value) && !Object.isFrozen(value)) value.push('scribbled')
}

/** The path of the first object that is frozen, or `null`. */
function findFrozen(value: unknown, path = 'records'): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (Object.isFrozen(value)) return path
  for (const [key, member] of Object.entries(value)) {
    const found = findFrozen(member, `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}

/** The path of the first thing that JSON does not have, or `null`. */
function findOddity(value: unknown, path: string): string | null {
  if (value === undefined || typeof value === 'bigint' || typeof value === 'function') return path
  if (typeof value !== 'object' || value === null) return null
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return path
  for (const [key, { value: member, get }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (key === 'length' && Array.isArray(value)) continue
    const found = get === undefined ? findOddity(member, `${path}.${key}`) : `${path}.${key}`
    if (found !== null) return found
  }
  return null
}
