// The commands that decide, as a user of Prisma would write them: what is decided on is read first, in the same transaction.
import {
  APPLICATION_ID,
  attributeKey,
  ISSUER,
  newId,
  SEEDED,
  seededId,
  type WorldSize,
} from '../data/world.ts'
import type { PrismaClient } from '../generated/client/client.ts'
import type { OperationName, Pick } from '../suites/operations.ts'
import { changeValue, createProvisioned, newIds, transactionsOf } from './prisma-units.ts'

export function prismaCommandUnits(
  prisma: PrismaClient,
  size: WorldSize,
): { readonly [Name in OperationName]?: (pick: Pick) => Promise<unknown> } {
  const inTenant = transactionsOf(prisma, size)
  return {
    // Which catalog is bound is read each time; what is in it never changes, as the service counts on as well.
    setProfileValue: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        const applicationId = APPLICATION_ID
        const binding = await tx.applicationBinding.findUnique({
          where: { tenantId_applicationId: { tenantId, applicationId } },
        })
        const stored = await tx.tenantProfileValue.findFirst({
          where: {
            ...{ tenantId, userId: seededId(SEEDED.user, pick.n) },
            ...{ attributeKey: attributeKey(0), applicationId },
          },
        })
        if (binding?.status !== 'enabled' || stored?.version !== pick.version)
          throw new Error('not as expected')
        await changeValue(tx, pick, tenantId)
      }),
    provisionUser: (pick) =>
      inTenant(pick, async (tx, tenantId) => {
        const found = await tx.externalIdentity.findUnique({
          where: { subject_issuer: { issuer: ISSUER, subject: `new-subject-${newId()}` } },
          include: { user: true },
        })
        if (found !== null) throw new Error('not as expected')
        await createProvisioned(tx, newIds(), tenantId)
      }),
  }
}
