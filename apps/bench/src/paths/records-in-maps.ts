// What provisioning writes, kept by nothing at all: a reference for what a store that keeps so many checked records in
// memory costs before it has transactions, indexes, scopes or an order of commits.

import { createMemoryStore } from '@user-engine/store-memory'
import {
  accountSchema,
  auditRecordSchema,
  externalIdentitySchema,
  outboxEventSchema,
  tenantAccountSchema,
  userSchema,
  validate,
} from '@user-engine/store-protocol'
import { createBenchService } from '../data/bench-service.ts'
import { newId, tenantOf } from '../data/world.ts'
import { serviceUnits } from './service-units.ts'

/** A schema, and a record that fits it. */
type Template = readonly [schema: Parameters<typeof validate>[0], record: object]

/**
 * Makes the operation: every record that provisioning a user writes, with an id of its own, checked and put into a `Map`
 * of its kind. They hold `records` before the first.
 */
export async function createRecordsInMaps(records: number): Promise<() => Promise<void>> {
  const templates = await provisionedRecords()
  const maps = templates.map(() => new Map<string, object>())
  const keepOne = () => {
    templates.forEach(([schema, record], index) => {
      const kept = Object.freeze(validate(schema, { ...record, id: newId() }) as { readonly id: string })
      maps[index]?.set(kept.id, kept)
    })
  }
  for (let count = 0; count < records; count += templates.length) keepOne()
  return async () => keepOne()
}

async function provisionedRecords(): Promise<readonly Template[]> {
  const store = createMemoryStore()
  const service = createBenchService(store)
  const size = { users: 0, tenants: 1, delivered: 0, auditRecords: 0 }
  await serviceUnits(service, size).provisionUser({ n: 0, version: 1 })
  const scope = { tenantId: tenantOf(0, size) }
  return await store.read(scope, async (reader): Promise<Template[]> => {
    const users = await reader.users.list()
    const userId = users.items[0]?.id ?? ''
    const lists: readonly [Template[0], readonly object[]][] = [
      [userSchema, users.items],
      [accountSchema, (await reader.accounts.listByUser({ userId })).items],
      [tenantAccountSchema, (await reader.tenantAccounts.list()).items],
      [externalIdentitySchema, (await reader.externalIdentities.listByUser({ userId })).items],
      [auditRecordSchema, (await reader.audit.list()).items],
      [outboxEventSchema, (await reader.outbox.list()).items.map(({ event }) => event)],
    ]
    return lists.flatMap(([schema, records]) => records.map((record): Template => [schema, record]))
  })
}
