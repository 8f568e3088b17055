// What a call costs grows with its answer, not with what the store holds or has seen. A store with a hundred times as much
// is measured in turns with a small one, by the time of the processor: whatever looks through all there is takes about a
// hundred times as long in it, and caches that no longer hold everything explain a factor of two. The bound is between.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { expect, it } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import {
  ACME,
  AT,
  idOf,
  makeAccount,
  makeAudit,
  makeEvent,
  makeIdentity,
  makeTenantAccount,
  makeUser,
  PLATFORM,
} from './testing/records.ts'

const FACTOR = 100
const BOUND = 8
const ROUNDS = 9
const CALLS = 100

interface World {
  readonly store: UserEngineStore
  readonly users: number
  readonly versions: number[]
  /** Numbers ids that were not used before. */
  next: number
}

/** Users with an account, a presence and an identity each, and commands that left a record, a settled event and a key. */
async function openWorld(users: number, commands: number): Promise<World> {
  const store = createMemoryStore()
  for (let from = 0; from < users; from += 100) {
    await store.transact(PLATFORM, (tx) => {
      for (let n = from; n < Math.min(from + 100, users); n++) {
        const user = makeUser(userNumber(n))
        const account = makeAccount(userNumber(n) + 1, user.id)
        void tx.users.insert(user)
        void tx.accounts.insert(account)
        void tx.tenantAccounts.insert(makeTenantAccount(userNumber(n) + 2, account))
        void tx.externalIdentities.insert(makeIdentity(userNumber(n) + 3, user.id, `subject ${n}`))
      }
    })
  }
  const world: World = { store, users, versions: new Array(users).fill(1), next: 0x1_0000_0000 }
  for (let n = 0; n < commands; n++) await rename(world, n % users, `command ${n}`)
  while ((await claimAndAck(world, 500)) > 0);
  return world
}

function userNumber(n: number): number {
  return 1 + n * 4
}

async function rename(world: World, n: number, key?: string): Promise<void> {
  const { store, versions } = world
  const id = idOf(userNumber(n))
  const expectedVersion = versions[n] ?? 1
  const record = makeAudit(world.next++, { target: { type: 'user', id } })
  const event = makeEvent(world.next++, { aggregateId: id })
  await store.transact(
    ACME,
    (tx) => {
      void tx.users.update({ id, expectedVersion, set: { displayName: 'Grace' }, updatedAt: AT })
      void tx.audit.append(record)
      void tx.outbox.append(event)
    },
    key === undefined ? {} : { idempotency: { key, fingerprint: 'rename' } },
  )
  versions[n] = expectedVersion + 1
}

async function claimAndAck({ store }: World, limit: number): Promise<number> {
  const { token, deliveries } = await store.outbox.claim({ consumer: 'test', limit, leaseMs: 60_000 })
  if (deliveries.length > 0) {
    await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
  }
  return deliveries.length
}

/** Calls of a store, on the n-th user. */
const OPERATIONS: { readonly [name: string]: (world: World, n: number) => Promise<unknown> } = {
  'change a user': rename,
  'change a user, with a key': (world, n) => rename(world, n, `key ${world.next}`),
  'get a user': ({ store }, n) => store.read(ACME, (reader) => reader.users.get(idOf(userNumber(n)))),
  'resolve an identity': ({ store }, n) =>
    store.read(ACME, (reader) =>
      reader.externalIdentities.resolve({ issuer: 'https://issuer.example', subject: `subject ${n}` }),
    ),
  'list users': ({ store }) => store.read(ACME, (reader) => reader.users.list({ limit: 20 })),
  'list the accounts of a user': ({ store }, n) =>
    store.read(ACME, (reader) => reader.accounts.listByUser({ userId: idOf(userNumber(n)) })),
  'list what was done to a user': ({ store }, n) =>
    store.read(ACME, (reader) =>
      reader.audit.list({
        filter: { target: { type: 'user', id: idOf(userNumber(n)) } },
        page: { limit: 1 },
      }),
    ),
  'list what happened last': ({ store }) =>
    store.read(ACME, (reader) => reader.audit.list({ order: 'newest-first', page: { limit: 20 } })),
  'claim and acknowledge': async (world, n) => {
    await rename(world, n)
    await claimAndAck(world, 10)
  },
  'read the state of the outbox': ({ store }) => store.outbox.stats(),
}

async function microsecondsOf(world: World, operation: (world: World, n: number) => Promise<unknown>) {
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) await operation(world, (call * 7919) % world.users)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[figures.length >> 1] ?? Number.NaN
}

/** How many times as much processor time an operation takes in the large world. */
async function growthOf(
  operation: (world: World, n: number) => Promise<unknown>,
  worlds: readonly [World, World],
) {
  const [small, large] = worlds
  const figures = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const)
    for (const name of order) {
      figures[name].push(await microsecondsOf(name === 'small' ? small : large, operation))
    }
  }
  return median(figures.large) / median(figures.small)
}

it('nothing gets slower with what the store holds, nor with what has been', async () => {
  const worlds = [await openWorld(200, 300), await openWorld(200 * FACTOR, 300 * FACTOR)] as const
  const grown: string[] = []
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const factor = await growthOf(operation, worlds)
    if (!(factor < BOUND)) grown.push(`${name}: ${factor.toFixed(1)} times`)
  }
  expect(grown).toEqual([])
}, 60_000)
