import type { Id, TransactOptions, UserEngineStore } from '@user-engine/store-protocol'
import { v7 as uuidv7 } from 'uuid'

/** A unit of work of a drill: a user comes into a tenant, with an audit record, an event and an idempotency key. */
export interface DrillUnit {
  readonly number: number
  readonly tenantId: string
  readonly userId: Id
  readonly accountId: Id
  readonly tenantAccountId: Id
  readonly auditId: Id
  readonly eventId: Id
}

const TENANTS = 4
const AT = '2026-01-01T00:00:00.000Z'

export function newUnit(number: number): DrillUnit {
  return {
    number,
    tenantId: `tenant-${number % TENANTS}`,
    userId: uuidv7(),
    accountId: uuidv7(),
    tenantAccountId: uuidv7(),
    auditId: uuidv7(),
    eventId: uuidv7(),
  }
}

export function keyOf({ number }: DrillUnit): string {
  return `unit-${number}`
}

/** Does the work, or gets the result of the first time it was done. */
export async function perform(store: UserEngineStore, unit: DrillUnit): Promise<Id> {
  const { tenantId, userId, accountId, tenantAccountId, auditId, eventId } = unit
  const fresh = { version: 1, createdAt: AT, updatedAt: AT } as const
  const idempotency: TransactOptions['idempotency'] = { key: keyOf(unit), fingerprint: 'drill' }
  return await store.transact(
    { tenantId },
    async (tx) => {
      await tx.users.insert({ ...fresh, id: userId, kind: 'person', displayName: null, status: 'active' })
      await tx.accounts.insert({
        ...fresh,
        id: accountId,
        userId,
        kind: 'human',
        name: null,
        status: 'active',
      })
      await tx.tenantAccounts.insert({
        ...fresh,
        id: tenantAccountId,
        tenantId,
        accountId,
        userId,
        status: 'active',
      })
      await tx.audit.append({
        id: auditId,
        tenantId,
        occurredAt: AT,
        actor: { type: 'service', id: 'drill' },
        action: 'user.provision',
        target: { type: 'user', id: userId },
        outcome: 'allowed',
        reason: null,
        changedFields: [],
        correlationId: null,
        causationId: null,
      })
      await tx.outbox.append({
        id: eventId,
        tenantId,
        aggregateType: 'user',
        aggregateId: userId,
        type: 'user.provisioned',
        schemaVersion: 1,
        payload: {},
        occurredAt: AT,
        correlationId: null,
        causationId: null,
      })
      return userId
    },
    { idempotency },
  )
}
