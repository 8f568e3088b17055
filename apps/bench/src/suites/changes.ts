// What the measured operations change, said once for all paths.
import type { About } from '../data/records.ts'
import { SEEDED, seededId } from '../data/world.ts'

/** The record that one operation is about, and what it expects of it. */
export interface Pick {
  readonly n: number
  readonly version: number
}

export interface ProvisionedIds {
  readonly userId: string
  readonly accountId: string
  readonly identityId: string
  readonly tenantAccountId: string
}

let count = 0

export function nameChange({ n, version }: Pick, tenantId: string) {
  const id = seededId(SEEDED.user, n)
  const now = new Date().toISOString()
  count += 1
  const about: About = {
    tenantId,
    action: 'user.update',
    targetType: 'user',
    targetId: id,
    changedFields: ['displayName'],
    event: 'user-engine.user.updated',
    aggregateId: id,
    payload: { userId: id, version: version + 1, changedFields: ['displayName'] },
    now,
  }
  return { id, displayName: `Renamed ${count}`, about, now }
}

export function profileChange({ n, version }: Pick, tenantId: string) {
  const userId = seededId(SEEDED.user, n)
  const id = seededId(SEEDED.firstValue, n)
  const now = new Date().toISOString()
  count += 1
  const about: About = {
    tenantId,
    action: 'profile-value.set',
    targetType: 'profile-value',
    targetId: id,
    changedFields: ['attribute-00'],
    event: 'user-engine.profile-value.set',
    aggregateId: userId,
    payload: { profileValueId: id, userId, level: 'application', version: version + 1 },
    now,
  }
  return { id, userId, value: `changed ${count}`, about, now }
}

/** What is recorded about a user who was provisioned: one audit record and one event for each record made. */
export function provisionedAbout(ids: ProvisionedIds, tenantId: string, now: string): readonly About[] {
  const { userId, accountId, identityId, tenantAccountId } = ids
  const made = [
    ['user', userId, 'created'],
    ['account', accountId, 'created'],
    ['tenant-account', tenantAccountId, 'joined'],
    ['external-identity', identityId, 'linked'],
  ] as const
  return made.map(([targetType, targetId, verb]) => ({
    tenantId,
    action: `${targetType}.create`,
    targetType,
    targetId,
    changedFields: ['status'],
    event: `user-engine.${targetType}.${verb}`,
    aggregateId: userId,
    payload: { userId, id: targetId, version: 1 },
    now,
  }))
}
