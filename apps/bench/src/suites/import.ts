// Many users at once, into the same four tables with all constraints on: users, accounts, presences in one tenant and
// identities.
import { createPostgresStore } from '@user-engine/store-postgres'
import pg from 'pg'
import { createBenchService } from '../data/bench-service.ts'
import type { BenchServer } from '../data/server.ts'
import { INSTANT, ISSUER, newId } from '../data/world.ts'
import type { Round } from '../measure/closed-loop.ts'
import { readCpu } from '../measure/cpu.ts'
import type { Cell } from '../measure/interleave.ts'
import { openPrisma } from '../paths/prisma-units.ts'

export const IMPORT_PATHS = ['copy', 'store', 'service', 'prisma'] as const

export interface ImportKey {
  readonly path: (typeof IMPORT_PATHS)[number]
}

const TENANT = 'tenant-0'
const SCOPE = { tenantId: TENANT }
const STAMPS = { version: 1, createdAt: INSTANT, updatedAt: INSTANT } as const
/** Users of one unit of work, of one command and of one createMany. */
const UNIT = 500
/** How many of them are under way at once; COPY takes all users in as many parts. */
const IMPORTS_AT_ONCE = 2

interface ImportedUser {
  readonly userId: string
  readonly accountId: string
  readonly tenantAccountId: string
  readonly identityId: string
  readonly subject: string
}

export async function openImportSuite(
  server: BenchServer,
  count: number,
): Promise<{ readonly cells: readonly Cell<ImportKey>[]; close(): Promise<void> }> {
  const database = await server.createDatabase('bench_import')
  const store = await createPostgresStore({ capability: database.capability })
  const service = createBenchService(store)
  const prisma = openPrisma(await database.capability.lease('runtime'), 4)
  const { host, port, user, password } = server.provider.serverHandle.admin
  const admin = new pg.Pool({ host, port, user, password, database: 'bench_import', max: IMPORTS_AT_ONCE })
  const paths: { readonly [Path in ImportKey['path']]: (users: readonly ImportedUser[]) => Promise<void> } = {
    copy: (users) =>
      inUnits(users, { size: Math.ceil(users.length / IMPORTS_AT_ONCE) }, (part) => copyUsers(admin, part)),
    store: (users) =>
      inUnits(users, { size: UNIT }, (unit) =>
        store.transact(SCOPE, (tx) => {
          for (const { userId, accountId, tenantAccountId, identityId, subject } of unit) {
            void tx.users.insert({
              id: userId,
              kind: 'person',
              displayName: 'Imported',
              status: 'active',
              ...STAMPS,
            })
            void tx.accounts.insert({
              id: accountId,
              userId,
              kind: 'human',
              name: 'main',
              status: 'active',
              ...STAMPS,
            })
            void tx.tenantAccounts.insert({
              id: tenantAccountId,
              tenantId: TENANT,
              accountId,
              userId,
              status: 'active',
              ...STAMPS,
            })
            void tx.externalIdentities.insert({ id: identityId, userId, issuer: ISSUER, subject, ...STAMPS })
          }
        }),
      ),
    service: (users) =>
      inUnits(users, { size: UNIT }, async (unit) => {
        const input = unit.map(({ subject }) => ({
          user: { kind: 'person', displayName: 'Imported' } as const,
          account: { kind: 'human', name: 'main' } as const,
          identity: { issuer: ISSUER, subject },
          memberships: [],
        }))
        await service.provisionUsers(
          { scope: SCOPE, actor: { type: 'service', id: 'bench' } },
          { users: input },
        )
      }),
    prisma: (users) =>
      inUnits(users, { size: UNIT }, (unit) =>
        prisma.$transaction(
          async (tx) => {
            await tx.$executeRaw`SELECT set_config('user_engine.scope', ${TENANT}, true)`
            const active = { status: 'active', ...STAMPS }
            await tx.user.createMany({
              data: unit.map(({ userId }) => ({
                id: userId,
                kind: 'person',
                displayName: 'Imported',
                ...active,
              })),
            })
            await tx.account.createMany({
              data: unit.map(({ userId, accountId }) => ({
                id: accountId,
                userId,
                kind: 'human',
                name: 'main',
                ...active,
              })),
            })
            await tx.tenantAccount.createMany({
              data: unit.map(({ userId, accountId, tenantAccountId }) => ({
                tenantId: TENANT,
                id: tenantAccountId,
                accountId,
                userId,
                ...active,
              })),
            })
            await tx.externalIdentity.createMany({
              data: unit.map(({ userId, identityId, subject }) => ({
                id: identityId,
                userId,
                issuer: ISSUER,
                subject,
                ...STAMPS,
              })),
            })
          },
          { timeout: 60_000 },
        ),
      ),
  }
  const cellOf = (key: ImportKey): Cell<ImportKey> => ({
    key,
    round: (durationMs) => {
      // A warm-up needs few.
      const few = durationMs < 1_000
      return timeImport(few ? Math.ceil(count / 10) : count, paths[key.path], server.postmasterPid)
    },
  })
  return {
    cells: IMPORT_PATHS.map((path) => cellOf({ path })),
    async close() {
      await prisma.$disconnect()
      await admin.end()
      await store.close()
    },
  }
}

async function timeImport(
  count: number,
  path: (users: readonly ImportedUser[]) => Promise<void>,
  postmasterPid: number,
): Promise<Round> {
  const users = Array.from({ length: count }, () => ({
    userId: newId(),
    accountId: newId(),
    tenantAccountId: newId(),
    identityId: newId(),
    subject: newId(),
  }))
  const before = readCpu(postmasterPid)
  const start = performance.now()
  await path(users)
  const seconds = (performance.now() - start) / 1000
  const after = readCpu(postmasterPid)
  return {
    rate: count / seconds,
    latency: { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN },
    clientCpu: ((after.client - before.client) * 1000) / count,
    serverCpu: ((after.server - before.server) * 1000) / count,
  }
}

async function inUnits<Item>(
  items: readonly Item[],
  { size }: { readonly size: number },
  work: (unit: readonly Item[]) => Promise<void>,
): Promise<void> {
  const count = Math.ceil(items.length / size)
  const units = Array.from({ length: count }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  ).values()
  const importer = async () => {
    for (const unit of units) await work(unit)
  }
  await Promise.all(Array.from({ length: IMPORTS_AT_ONCE }, importer))
}

async function copyUsers(pool: pg.Pool, users: readonly ImportedUser[]): Promise<void> {
  const line = (fields: readonly string[]) => `${fields.join('\t')}\n`
  const stamps = ['1', INSTANT, INSTANT]
  const tables = [
    [
      'users (id, kind, display_name, status, version, created_at, updated_at)',
      (u: ImportedUser) => [u.userId, 'person', 'Imported', 'active', ...stamps],
    ],
    [
      'accounts (id, user_id, kind, name, status, version, created_at, updated_at)',
      (u: ImportedUser) => [u.accountId, u.userId, 'human', 'main', 'active', ...stamps],
    ],
    [
      'tenant_accounts (tenant_id, id, account_id, user_id, status, version, created_at, updated_at)',
      (u: ImportedUser) => [TENANT, u.tenantAccountId, u.accountId, u.userId, 'active', ...stamps],
    ],
    [
      'external_identities (id, user_id, issuer, subject, version, created_at, updated_at)',
      (u: ImportedUser) => [u.identityId, u.userId, ISSUER, u.subject, ...stamps],
    ],
  ] as const
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const [table, fieldsOf] of tables) {
      await copyIn(
        client,
        `COPY user_engine.${table} FROM STDIN`,
        users.map((user) => line(fieldsOf(user))).join(''),
      )
    }
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}

/** COPY over the driver's own protocol object: it has no call for it. */
function copyIn(client: pg.PoolClient, command: string, data: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.query({
    submit(connection: pg.Connection) {
      connection.query(command)
    },
    handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }) {
      connection.sendCopyFromChunk(Buffer.from(data))
      connection.endCopyFrom()
    },
    handleCommandComplete() {},
    handleError: reject,
    handleReadyForQuery: () => resolve(),
  } as unknown as pg.Submittable)
  return promise
}
