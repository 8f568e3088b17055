// What a user of Prisma would write without a store: one interactive transaction per operation, model calls, and the
// tenant set first, because row-level security asks for it.
import { PrismaPg } from '@prisma/adapter-pg'
import type { ConnectionLease } from '@user-engine/provider-local'
import { type About, auditRecordOf, eventOf } from '../data/records.ts'
import { PROVENANCE } from '../data/seed.ts'
import {
  APPLICATION_ID,
  ISSUER,
  newId,
  SEEDED,
  seededId,
  subjectOf,
  tenantOf,
  type WorldSize,
} from '../data/world.ts'
import { type Prisma, PrismaClient } from '../generated/client/client.ts'
import { nameChange, type ProvisionedIds, profileChange, provisionedAbout } from '../suites/changes.ts'
import type { OperationName, Pick } from '../suites/operations.ts'

export type Transaction = Prisma.TransactionClient

export function openPrisma(lease: ConnectionLease, max: number): PrismaClient {
  const { host, port, database, user, password } = lease
  const adapter = new PrismaPg(
    { host, port, database, user, password: password as string, max },
    { schema: 'user_engine', statementNameGenerator: ({ sql }) => nameOf(sql) },
  )
  return new PrismaClient({ adapter })
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const known = names.get(text) ?? `prisma_${names.size}`
  names.set(text, known)
  return known
}

export async function append(tx: Transaction, about: About): Promise<void> {
  const { actor, target, changedFields, ...record } = auditRecordOf(about)
  await tx.auditRecord.create({
    data: {
      ...record,
      tenantId: about.tenantId,
      actorType: actor.type,
      actorId: actor.id,
      targetType: target.type,
      targetId: target.id,
      changedFields: [...changedFields],
    },
  })
  const event = eventOf(about, record.correlationId)
  const { id, aggregateType, aggregateId } = event
  await tx.outboxEvent.create({
    data: {
      id,
      tenantId: about.tenantId,
      aggregateType,
      aggregateId,
      event: Object.values(event) as Prisma.JsonArray,
    },
  })
}

/** Interactive transactions in the tenant of a record. */
export function transactionsOf(prisma: PrismaClient, size: WorldSize) {
  return <Result>(pick: Pick, work: (tx: Transaction, tenantId: string) => Promise<Result>) => {
    const tenantId = tenantOf(pick.n, size)
    return prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT set_config('user_engine.scope', ${tenantId}, true)`
      return await work(tx, tenantId)
    })
  }
}

export async function changeValue(tx: Transaction, pick: Pick, tenantId: string): Promise<void> {
  const { id, value, about, now } = profileChange(pick, tenantId)
  const { count } = await tx.tenantProfileValue.updateMany({
    where: { tenantId, id, version: pick.version },
    data: { value, provenance: PROVENANCE, updatedAt: now, version: { increment: 1 } },
  })
  if (count !== 1) throw new Error('the version has changed')
  await append(tx, about)
}

export function prismaUnits(
  prisma: PrismaClient,
  size: WorldSize,
): { readonly [Name in OperationName]: (pick: Pick) => Promise<unknown> } {
  const inTenant = transactionsOf(prisma, size)
  return {
    updateUser: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        const { id, displayName, about, now } = nameChange(pick, tenantId)
        const { count } = await tx.user.updateMany({
          where: { id, version: pick.version },
          data: { displayName, updatedAt: now, version: { increment: 1 } },
        })
        if (count !== 1) throw new Error('the version has changed')
        await append(tx, about)
      }),
    setProfileValue: (pick) => inTenant(pick, (tx, tenantId) => changeValue(tx, pick, tenantId)),
    provisionUser: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        await createProvisioned(tx, newIds(), tenantId)
      }),
    resolveIdentity: (pick) =>
      inTenant(pick, (tx) =>
        tx.externalIdentity.findUnique({
          where: { subject_issuer: { issuer: ISSUER, subject: subjectOf(pick.n) } },
          include: { user: true },
        }),
      ),
    getUser: (pick) =>
      inTenant(pick, (tx) => tx.user.findUnique({ where: { id: seededId(SEEDED.user, pick.n) } })),
    listPage: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        const members = await tx.tenantAccount.findMany({
          where: { tenantId, userId: { gt: seededId(SEEDED.user, pick.n) } },
          orderBy: { userId: 'asc' },
          take: 51,
          select: { userId: true },
        })
        return await tx.user.findMany({
          where: { id: { in: members.map(({ userId }) => userId) } },
          orderBy: { id: 'asc' },
        })
      }),
    effectiveProfile: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        const userId = seededId(SEEDED.user, pick.n)
        const binding = await tx.applicationBinding.findUnique({
          where: { tenantId_applicationId: { tenantId, applicationId: APPLICATION_ID } },
          include: { catalog: true },
        })
        const user = await tx.user.findUnique({ where: { id: userId } })
        const values = await tx.tenantProfileValue.findMany({
          where: { tenantId, userId, OR: [{ applicationId: null }, { applicationId: APPLICATION_ID }] },
        })
        const everywhere = await tx.globalProfileValue.findMany({ where: { userId } })
        return { binding, user, values, everywhere }
      }),
  }
}

export function newIds(): ProvisionedIds {
  return { userId: newId(), accountId: newId(), identityId: newId(), tenantAccountId: newId() }
}

export async function createProvisioned(
  tx: Transaction,
  ids: ProvisionedIds,
  tenantId: string,
): Promise<void> {
  const now = new Date().toISOString()
  const stamps = { version: 1, createdAt: now, updatedAt: now }
  const { userId, accountId, identityId, tenantAccountId } = ids
  const name = { displayName: 'New user', status: 'active' }
  await tx.user.create({ data: { id: userId, kind: 'person', ...name, ...stamps } })
  await tx.account.create({
    data: { id: accountId, userId, kind: 'human', name: 'main', status: 'active', ...stamps },
  })
  await tx.tenantAccount.create({
    data: { tenantId, id: tenantAccountId, accountId, userId, status: 'active', ...stamps },
  })
  const subject = `new-subject-${newId()}`
  await tx.externalIdentity.create({ data: { id: identityId, userId, issuer: ISSUER, subject, ...stamps } })

  for (const about of provisionedAbout(ids, tenantId, now)) await append(tx, about)
}
