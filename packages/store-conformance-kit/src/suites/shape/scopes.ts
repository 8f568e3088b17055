import type { Scope } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'

/** What is no scope, with a name that a report can show. */
const NO_SCOPES: readonly (readonly [name: string, scope: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an empty object', {}],
  ['an empty text', ''],
  ['a text', 'acme'],
  ['a list', ['acme']],
  ['a platform without reason', { platform: true }],
  ['a platform with an empty reason', { platform: true, reason: '' }],
  ['a platform with a reason over 256 characters', { platform: true, reason: 'x'.repeat(257) }],
  ['a platform that is none', { platform: false, reason: 'because' }],
  ['a platform and a tenant at once', { platform: true, reason: 'because', tenantId: 'acme' }],
  ['a tenant with an unknown field', { tenantId: 'acme', also: 'Acme' }],
]

export const SCOPE_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-01.scope-is-an-argument',
    rules: ['SHP-01', 'TEN-05'],
    title: 'no unit of work runs without a well-formed scope',
    async run({ open, check, make }) {
      const store = await open()
      for (const [name, scope] of NO_SCOPES) {
        let ran = false
        const work = () => {
          ran = true
        }
        const denial = make.audit(null, { outcome: 'denied' })
        const calls: Record<string, () => Promise<unknown>> = {
          read: () => store.read(scope as Scope, work),
          transact: () => store.transact(scope as Scope, work),
          recordDenial: () => store.recordDenial(scope as Scope, denial),
        }
        for (const [method, call] of Object.entries(calls))
          await check.rejects(call, 'SCOPE_INVALID', `${method} in ${name}`)
        check.ok(!ran, `the work does not run in ${name}`)
      }
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(counts['audit-record'], 0, 'denials that were recorded without a scope')
    },
  },
  {
    id: 'SHP-01.scope-is-fixed-at-the-call',
    rules: ['SHP-01', 'SHP-06', 'TEN-01'],
    title: 'changing a scope object after it was passed does not move the work into another tenant',
    async run({ open, check, make }) {
      const store = await open()
      const mine = await make.addMember(store, ACME.tenantId)
      const theirs = await make.addMember(store, OTHER.tenantId)
      const scope: { tenantId: string } = { ...ACME }
      const transaction = store.transact(scope, async (tx) => {
        scope.tenantId = OTHER.tenantId
        await tx.audit.append(make.audit(ACME.tenantId))
        return (await tx.users.list()).items
      })
      scope.tenantId = OTHER.tenantId
      check.equal(await transaction, [mine.user], 'the users of the tenant that was passed')
      const read = store.read(scope, async (reader) => {
        scope.tenantId = ACME.tenantId
        return (await reader.users.list()).items
      })
      scope.tenantId = ACME.tenantId
      check.equal(await read, [theirs.user], 'the users of the tenant that was passed to a read')
    },
  },
  {
    id: 'SHP-01.no-ambient-tenant',
    rules: ['SHP-01', 'TEN-01'],
    title: 'units of work of several scopes at once, and one after the other on one connection, stay apart',
    run: (context) => showNoAmbientTenant(context),
  },
]

async function showNoAmbientTenant({ open, check, make, capabilities }: CaseContext): Promise<void> {
  const store = await open()
  const scopes = { acme: ACME, other: OTHER, nobody: { tenantId: 'nobody' }, platform: PLATFORM }
  const acme = await make.addMember(store, ACME.tenantId)
  const other = await make.addMember(store, OTHER.tenantId)
  const expected: Record<string, readonly string[]> = {
    acme: [acme.user.id],
    other: [other.user.id],
    nobody: [],
    platform: [acme.user.id, other.user.id],
  }
  // All have begun and read once before any of them reads again.
  const names = Object.keys(scopes) as (keyof typeof scopes)[]
  const gates = names.map(() => createGate())
  const reads = names.map((name, index) =>
    store.read(scopes[name], async (reader) => {
      const first = (await reader.users.list()).items.map(({ id }) => id)
      gates[index]?.open()
      for (const gate of gates) await gate.openedOrBlocked()
      return [first, (await reader.users.list()).items.map(({ id }) => id)]
    }),
  )
  for (const [index, seen] of (await Promise.all(reads)).entries()) {
    const name = names[index] ?? ''
    check.equal(seen, [expected[name], expected[name]], `the users of ${name} while others read theirs`)
  }

  // A store of one connection, where it sees what the first wrote.
  const single = capabilities.durability.shared ? await open({ maxConnections: 1 }) : store
  const boom = new Error('on purpose')
  const endings: Record<string, (scope: Scope) => Promise<unknown>> = {
    'a commit': (scope) => single.transact(scope, (tx) => tx.users.list()),
    'a rollback': (scope) =>
      single.transact(scope, async (tx) => {
        await tx.users.list()
        throw boom
      }),
    'a failed statement': (scope) =>
      single.transact(scope, (tx) => tx.users.update(make.update(make.id(), 1, {}))),
    'a denial': (scope) =>
      single.recordDenial(
        scope,
        make.audit('tenantId' in scope ? scope.tenantId : null, { outcome: 'denied' }),
      ),
    'a read': (scope) => single.read(scope, (reader) => reader.users.list()),
  }
  for (const [ending, run] of Object.entries(endings)) {
    for (const before of names) {
      await Promise.allSettled([run(scopes[before])])
      for (const name of names) {
        const { items } = await single.read(scopes[name], (reader) => reader.users.list())
        const what = `the users of ${name} after ${ending} in ${before} on the same connection`
        check.equal(
          items.map(({ id }) => id),
          expected[name],
          what,
        )
      }
    }
  }
}
