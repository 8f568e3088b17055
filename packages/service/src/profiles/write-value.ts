import type { AnyUserEngineError, ProfileValue, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'
import type { PlannedValue } from './plan-value.ts'
import { applicationOf } from './profile-scope.ts'

/** Writes what was planned for one value, with its audit record and event; nothing for a value that is there already. */
export function writePlannedValue(tx: StoreTransaction, planned: PlannedValue, run: CommandRun): void {
  const { change, value } = planned
  if (change === 'none') return
  if (change === 'insert') void tx.profileValues.insert(value)
  else void tx.profileValues.update(updateOf(value))
  run.record(tx, {
    action: 'profile-value.set',
    target: { type: 'profile-value', id: value.id },
    changedFields: [value.attributeKey],
    event: 'user-engine.profile-value.set',
    aggregateId: value.userId,
    payload: {
      profileValueId: value.id,
      userId: value.userId,
      level: value.scope.level,
      applicationId: applicationOf(value.scope),
      attributeKey: value.attributeKey,
      catalogId: value.provenance.catalogId,
      version: value.version,
    },
  })
}

/** Removes one value, with its audit record and event. */
export function writeClearedValue(tx: StoreTransaction, value: ProfileValue, run: CommandRun): void {
  const { id, version, scope } = value
  void tx.profileValues.delete({ id, expectedVersion: version, level: scope.level })
  run.record(tx, {
    target: { type: 'profile-value', id },
    changedFields: [value.attributeKey],
    event: 'user-engine.profile-value.cleared',
    aggregateId: value.userId,
    payload: {
      profileValueId: id,
      userId: value.userId,
      level: scope.level,
      applicationId: applicationOf(scope),
      attributeKey: value.attributeKey,
    },
  })
}

/** Whether a refused write only means that somebody else wrote the same value first. */
export function isOvertaken(error: AnyUserEngineError): boolean {
  const isConflict =
    error.code === 'VERSION_CONFLICT' || error.code === 'DUPLICATE_KEY' || error.code === 'NOT_FOUND'
  return isConflict && error.data.entity === 'profile-value'
}

function updateOf({ id, scope, version, value, provenance, updatedAt }: ProfileValue) {
  return { id, level: scope.level, expectedVersion: version - 1, set: { value, provenance }, updatedAt }
}
