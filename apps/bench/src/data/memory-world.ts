// A world in the store in memory, filled through the store as the service would fill it.
import type { UserEngineService } from '@user-engine/service'
import { createMemoryStore } from '@user-engine/store-memory'
import type { StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import { createBenchService } from './bench-service.ts'
import { ACTOR } from './records.ts'
import { CATALOG, PROVENANCE } from './seed.ts'
import {
  APPLICATION_ID,
  ATTRIBUTES,
  CATALOG_ID,
  INSTANT,
  ISSUER,
  PROFILED_USERS,
  SEEDED,
  seededId,
  subjectOf,
  tenantOf,
  type WorldSize,
} from './world.ts'

/** How much a world in memory holds. */
export interface MemoryWorldSize {
  /** Records of users, accounts, presences, identities and profile values. */
  readonly records: number
  /** Commands that have been: each left an audit record, an acknowledged event and the result of its idempotency key. */
  readonly commands: number
}

export interface MemoryWorld {
  readonly store: UserEngineStore
  readonly service: UserEngineService
  readonly size: WorldSize
  /** The version of the first user, whom all the commands changed. */
  readonly firstVersion: number
  /** How much one record takes. */
  readonly bytesPerRecord: number
  /** How much one command leaves behind; `null` when there were none. */
  readonly bytesPerCommand: number | null
}

const TENANT = { tenantId: tenantOf(0, { tenants: 1 }) }
const PLATFORM = { platform: true, reason: 'benchmark' } as const
const RECORDS_PER_USER = 4
const STAMPS = { version: 1, createdAt: INSTANT, updatedAt: INSTANT } as const
/** Users of one unit of work. */
const UNIT = 200

/** Makes a world of one tenant: the one with the largest indexes. */
export async function createMemoryWorld({ records, commands }: MemoryWorldSize): Promise<MemoryWorld> {
  const store = createMemoryStore()
  const service = createBenchService(store)
  const profiled = Math.min(PROFILED_USERS, Math.floor(records / (RECORDS_PER_USER + ATTRIBUTES)))
  const users = Math.floor((records - profiled * ATTRIBUTES) / RECORDS_PER_USER)
  await store.transact(PLATFORM, addCatalog)
  const empty = usedBytes()
  for (let from = 1; from <= users; from += UNIT) {
    await store.transact(TENANT, (tx) => {
      if (from === 1) bindApplication(tx)
      for (let n = from; n < from + UNIT && n <= users; n++) addUser(tx, n, n <= profiled)
    })
  }
  const filled = usedBytes()
  await leaveHistory({ store, service }, commands)
  return {
    store,
    service,
    size: { users, tenants: 1, delivered: commands, auditRecords: commands },
    firstVersion: commands + 1,
    bytesPerRecord: (filled - empty) / records,
    bytesPerCommand: commands === 0 ? null : (usedBytes() - filled) / commands,
  }
}

function addCatalog(tx: StoreTransaction): void {
  const application = { key: 'bench', name: 'Bench', status: 'active' } as const
  void tx.applications.insert({ id: APPLICATION_ID, ...application, ...STAMPS })
  void tx.catalogs.insert({
    id: CATALOG_ID,
    applicationId: APPLICATION_ID,
    key: 'profile',
    catalogVersion: 1,
    status: 'published',
    attributes: [...CATALOG],
    breakingChanges: [],
    ...STAMPS,
  })
}

function bindApplication(tx: StoreTransaction): void {
  void tx.applicationBindings.insert({
    id: seededId(SEEDED.binding, 1),
    ...TENANT,
    applicationId: APPLICATION_ID,
    catalogId: CATALOG_ID,
    status: 'enabled',
    ...STAMPS,
  })
}

function addUser(tx: StoreTransaction, n: number, hasProfile: boolean): void {
  const userId = seededId(SEEDED.user, n)
  const accountId = seededId(SEEDED.account, n)
  const active = { status: 'active', ...STAMPS } as const
  void tx.users.insert({ id: userId, kind: 'person', displayName: `User ${n}`, ...active })
  void tx.accounts.insert({ id: accountId, userId, kind: 'human', name: `account ${n}`, ...active })
  void tx.tenantAccounts.insert({
    id: seededId(SEEDED.tenantAccount, n),
    ...TENANT,
    accountId,
    userId,
    ...active,
  })
  const identity = { issuer: ISSUER, subject: subjectOf(n) }
  void tx.externalIdentities.insert({ id: seededId(SEEDED.identity, n), userId, ...identity, ...STAMPS })
  if (!hasProfile) return
  for (const [index, { key }] of CATALOG.entries()) {
    void tx.profileValues.insert({
      id: seededId((Number.parseInt(SEEDED.firstValue, 16) + index).toString(16), n),
      userId,
      scope:
        index % 2 === 0
          ? { level: 'application', ...TENANT, applicationId: APPLICATION_ID }
          : { level: 'tenant', ...TENANT },
      attributeKey: key,
      value: `value ${index}`,
      provenance: PROVENANCE,
      ...STAMPS,
    })
  }
}

/** What `commands` commands leave behind, by carrying them out and acknowledging their events. */
async function leaveHistory(
  { store, service }: Pick<MemoryWorld, 'store' | 'service'>,
  commands: number,
): Promise<void> {
  const id = seededId(SEEDED.user, 1)
  for (let version = 1; version <= commands; version++) {
    const context = { scope: TENANT, actor: ACTOR, idempotencyKey: `command ${version}` }
    await service.users.update(context, { id, expectedVersion: version, displayName: `Name ${version}` })
  }
  for (let isDone = commands === 0; !isDone; ) isDone = (await claimAndAck(store, 1_000)) === 0
}

/** Takes one batch of events and acknowledges it; says how many it was. */
export async function claimAndAck(store: UserEngineStore, limit: number): Promise<number> {
  const { token, deliveries } = await store.outbox.claim({ consumer: 'bench', limit, leaseMs: 60_000 })
  if (deliveries.length === 0) return 0
  await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
  return deliveries.length
}

/** What is in use once everything that can be collected has been. */
function usedBytes(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
