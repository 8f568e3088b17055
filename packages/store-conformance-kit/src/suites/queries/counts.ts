import { ENTITY_KINDS, type OutboxState } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'
import { addEveryKind } from '../every-kind.ts'
import { claim, eventIds } from '../outbox/steps.ts'

export const COUNT_CASES: readonly ConformanceCase[] = [
  {
    id: 'QRY-03.counts-by-kind',
    rules: ['QRY-03', 'TEN-01', 'TEN-02'],
    title: 'record counts by kind are exact in every scope, and follow inserts and deletes',
    async run({ open, check, make }) {
      const store = await open()
      const zero = await store.read(ACME, (reader) => reader.countRecords())
      check.equal(Object.keys(zero).sort(), [...ENTITY_KINDS].sort(), 'the kinds that are counted')
      check.equal(new Set(Object.values(zero)), new Set([0]), 'counts of an empty store')
      const records = await addEveryKind(store, make, ACME.tenantId)
      const { user, account, tenantAccount, membership, identity } = records
      const member = make.tenantAccount(OTHER.tenantId, account)
      const second = make.account(user.id)
      await store.transact(PLATFORM, (tx) => {
        void tx.tenantAccounts.insert(member)
        void tx.accounts.insert(second)
        void tx.users.insert(make.user())
        void tx.audit.append(make.audit(null))
        void tx.outbox.append(make.event(null))
        void tx.outbox.append(make.event(null))
      })
      await store.transact(ACME, (tx) => {
        void tx.memberships.insert(make.membership(tenantAccount))
        void tx.memberships.delete({ id: membership.id, expectedVersion: 1 })
        void tx.externalIdentities.insert(make.identity(user.id))
        void tx.externalIdentities.insert(make.identity(user.id))
        void tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
        void tx.audit.append(make.audit(ACME.tenantId))
      })
      const expected = {
        acme: {
          ...{ user: 1, account: 1, 'tenant-account': 1, 'external-identity': 2, application: 1, catalog: 1 },
          ...{ 'application-binding': 1, 'profile-value': 3, membership: 1 },
          ...{ 'audit-record': 2, 'outbox-event': 1 },
        },
        other: {
          ...{ user: 1, account: 1, 'tenant-account': 1, 'external-identity': 2, application: 1, catalog: 1 },
          ...{ 'application-binding': 0, 'profile-value': 1, membership: 0 },
          ...{ 'audit-record': 0, 'outbox-event': 0 },
        },
        // What is a tenant's alone the platform does not see.
        platform: {
          ...{ user: 2, account: 2, 'tenant-account': 0, 'external-identity': 2, application: 1, catalog: 1 },
          ...{ 'application-binding': 0, 'profile-value': 1, membership: 0 },
          ...{ 'audit-record': 1, 'outbox-event': 2 },
        },
      }
      const scopes = { acme: ACME, other: OTHER, platform: PLATFORM }
      for (const [name, scope] of Object.entries(scopes)) {
        const counts = await store.read(scope, (reader) => reader.countRecords())
        check.equal(counts, expected[name as keyof typeof scopes], `counts of ${name}`)
      }
    },
  },
  {
    id: 'QRY-03.pending-outbox',
    rules: ['QRY-03', 'OBX-09'],
    title: 'the outbox of a scope is readable by state, with how often each event was handed over',
    async run({ open, check, make }) {
      const store = await open()
      const events = Array.from({ length: 4 }, () => make.event(ACME.tenantId))
      await store.transact(ACME, (tx) => {
        for (const event of events) void tx.outbox.append(event)
      })
      const claimed: { readonly token: number; readonly id: string }[] = []
      while (claimed.length < 3) {
        const lease = await claim(store, 1)
        check.ok(lease.deliveries.length > 0, 'an event is handed over')
        for (const id of eventIds(lease)) claimed.push({ token: lease.token, id })
      }
      const [delivered, dead, leased] = claimed
      await store.outbox.ack({ token: delivered?.token ?? 0, eventIds: [delivered?.id ?? ''] })
      const letter = { token: dead?.token ?? 0, eventIds: [dead?.id ?? ''], reason: 'never' }
      await store.outbox.deadLetter(letter)
      const list = async (state?: OutboxState) => {
        const { items } = await store.read(ACME, (reader) =>
          reader.outbox.list(state === undefined ? {} : { state }),
        )
        return items
      }
      const rows = events.map((event) => {
        const state = event.id === delivered?.id ? 'delivered' : event.id === dead?.id ? 'dead' : 'pending'
        return { event, state, attempts: event.id === leased?.id || state === 'dead' ? 1 : 0 }
      })
      // How often a delivered event was handed over may no longer be kept.
      const known = (items: Awaited<ReturnType<typeof list>>) =>
        items.map((entry) => (entry.state === 'delivered' ? { ...entry, attempts: 0 } : entry))
      check.equal(known(await list()), rows, 'all states, in the order of commits')
      for (const state of ['pending', 'delivered', 'dead'] as const)
        check.equal(
          known(await list(state)),
          rows.filter((row) => row.state === state),
          `what is ${state}`,
        )
      await store.outbox.replay({ eventId: dead?.id ?? '' })
      const revived = (await list('pending')).find(({ event }) => event.id === dead?.id)
      check.equal(revived?.attempts, 0, 'the attempts of what was replayed')
      const unknown = store.read(ACME, (reader) => reader.outbox.list({ state: 'leased' as OutboxState }))
      await check.rejects(unknown, 'VALIDATION', 'a state that is none')
    },
  },
]
