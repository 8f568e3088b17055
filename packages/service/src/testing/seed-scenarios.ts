// The behaviours the service's first consumers relied on, as they were written down before there was a durable store.
// Every store has to show them.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { describe, expect, test } from 'vitest'
import { createUserEngineService } from '../create-user-engine-service.ts'
import { delegate } from './round-trips.ts'
import { auditOf, countsOf, createMember, eventsOf, openWorld, PLATFORM, TENANT, versionOf } from './world.ts'

const SOURCES = fileURLToPath(new URL('..', import.meta.url))
const ALLOWED_IMPORTS = ['@user-engine/store-protocol', 'cloudevents', 'p-limit', 'p-retry', 'uuid', 'zod']

const PERSON = { kind: 'person', displayName: 'Ada' } as const

/** Declares the scenarios for one kind of store. */
export function describeSeedScenarios(name: string, openStore: () => Promise<UserEngineStore>): void {
  describe(name, () => {
    test('protocol-only consumption: the service imports no store and uses nothing but the protocol', async () => {
      // The sink for NATS is a subpath of its own, so that nobody else installs a client.
      const isOwn = (file: string) => !/^(?:testing|nats)\/|\.test\.ts$/.test(file)
      const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
        (file) => file.endsWith('.ts') && isOwn(file),
      )
      expect(files.length).toBeGreaterThan(80)
      for (const file of files) {
        const imports = [...readFileSync(`${SOURCES}/${file}`, 'utf8').matchAll(/from '([^'.][^']*)'/g)]
        const packages = imports
          .map(([, source]) => source ?? '')
          .filter((source) => !source.startsWith('node:'))
        expect(ALLOWED_IMPORTS, file).toEqual(expect.arrayContaining(packages))
      }

      // A store that has the protocol's members and no others serves as well as the store itself.
      const world = await openWorld(openStore)
      const store = delegate(world.store)
      const engine = createUserEngineService({ store, authorization: world.authorization })
      const member = await createMember({ ...world, store, engine })
      expect(await engine.users.get(TENANT, { id: member.user.id })).toEqual(member.user)
    })

    test('failed-mutation rollback: a mutation that fails leaves neither change, nor record, nor event', async () => {
      const world = await openWorld(openStore)
      const { user, account } = await createMember(world)
      const before = await countsOf(world, TENANT.scope)
      const failures = [
        () => world.engine.users.update(TENANT, { id: user.id, expectedVersion: 7, displayName: 'x' }),
        () => world.engine.accounts.create(TENANT, { id: account.id, userId: user.id, kind: 'human' }),
        () =>
          world.engine.transaction(TENANT, async (inner) => {
            await inner.users.update(TENANT, { ...versionOf(user), displayName: 'x' })
            throw new Error('something else went wrong')
          }),
      ]
      for (const fail of failures) await expect(fail()).rejects.toThrow()
      expect(await countsOf(world, TENANT.scope)).toEqual(before)
      expect(await world.engine.users.get(TENANT, { id: user.id })).toEqual(user)
    })

    test('denial audit across rollback: a denial in a transaction that rolls back stays, without an event', async () => {
      const world = await openWorld(openStore)
      const { user } = await createMember(world)
      const [audit, events] = [await auditOf(world, TENANT), await eventsOf(world, TENANT)]
      world.authorization.deny('user.deactivate', 'not yours')
      const composed = world.engine.transaction(TENANT, async (inner) => {
        await inner.users.update(TENANT, { ...versionOf(user), displayName: 'x' })
        await inner.users.deactivate(TENANT, { id: user.id, expectedVersion: 2 })
      })
      await expect(composed).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      const added = (await auditOf(world, TENANT)).slice(audit.length)
      expect(added).toMatchObject([{ action: 'user.deactivate', outcome: 'denied', reason: 'not yours' }])
      expect(await eventsOf(world, TENANT)).toEqual(events)
      expect(await world.engine.users.get(TENANT, { id: user.id })).toEqual(user)
    })

    test('record counts: every kind of record is counted in its scope', async () => {
      const world = await openWorld(openStore)
      await createMember(world)
      await world.engine.users.create(PLATFORM, PERSON)
      expect(await world.engine.countRecords(TENANT)).toMatchObject({
        user: 1,
        account: 1,
        'tenant-account': 1,
        'audit-record': 4,
        'outbox-event': 4,
      })
      expect(await world.engine.countRecords(PLATFORM)).toMatchObject({ user: 2, 'audit-record': 1 })
    })

    test('pending outbox and audit access: what a mutation leaves behind can be read', async () => {
      const world = await openWorld(openStore)
      const user = await world.engine.users.create(PLATFORM, PERSON)
      const pending = await world.engine.outbox.list(PLATFORM, { state: 'pending' })
      expect(pending.items).toMatchObject([
        { state: 'pending', event: { type: 'user-engine.user.created', aggregateId: user.id } },
      ])
      const audit = await world.engine.audit.list(PLATFORM, {
        filter: { target: { type: 'user', id: user.id } },
      })
      expect(audit.items).toMatchObject([{ action: 'user.create', outcome: 'allowed' }])
    })

    test('nested rollback: what fails inside goes alone, what fails outside takes everything', async () => {
      const world = await openWorld(openStore)
      const kept = await world.engine.transaction(PLATFORM, async (outer) => {
        const first = await outer.users.create(PLATFORM, PERSON)
        await expect(
          outer.transaction(PLATFORM, async (inner) => {
            await inner.users.create(PLATFORM, PERSON)
            throw new Error('inner')
          }),
        ).rejects.toThrow('inner')
        return [first, await outer.users.create(PLATFORM, PERSON)]
      })
      expect((await world.engine.users.list(PLATFORM)).items).toEqual(kept)

      const lost = world.engine.transaction(PLATFORM, async (outer) => {
        await outer.transaction(PLATFORM, (inner) => inner.users.create(PLATFORM, PERSON))
        throw new Error('outer')
      })
      await expect(lost).rejects.toThrow('outer')
      expect((await world.engine.users.list(PLATFORM)).items).toEqual(kept)
      expect(await eventsOf(world, PLATFORM)).toHaveLength(kept.length)
      expect(await auditOf(world, PLATFORM)).toHaveLength(kept.length)
    })
  })
}
