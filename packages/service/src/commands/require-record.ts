import { type EntityKind, UserEngineError, type Version } from '@user-engine/store-protocol'

interface VersionedRecord {
  readonly id: string
  readonly version: Version
}

/**
 * The record that was read, at the version the caller decided on.
 * @throws UserEngineError `NOT_FOUND` when the scope has none; `VERSION_CONFLICT` [VER-02].
 */
export function requireVersion<Stored extends VersionedRecord>(
  entity: EntityKind,
  stored: Stored | null,
  expected: { readonly id: string; readonly expectedVersion: number },
): Stored {
  const { id, expectedVersion } = expected
  const found = requireFound(entity, stored, id)
  if (found.version !== expectedVersion) {
    throw new UserEngineError('VERSION_CONFLICT', {
      entity,
      id,
      expectedVersion,
      currentVersion: found.version,
    })
  }
  return found
}

/** The record that was read. @throws UserEngineError `NOT_FOUND` when the scope has none. */
export function requireFound<Stored>(entity: EntityKind, stored: Stored | null, id: string): Stored {
  if (stored === null) throw new UserEngineError('NOT_FOUND', { entity, id })
  return stored
}

interface StatefulRecord<Status extends string> {
  readonly id: string
  readonly status: Status
}

/** @throws UserEngineError `INVALID_STATE` when the record is in none of the allowed states. */
export function requireStatus<Status extends string>(
  entity: EntityKind,
  record: StatefulRecord<Status>,
  allowed: readonly Status[],
): void {
  if (allowed.includes(record.status)) return
  throw new UserEngineError('INVALID_STATE', { entity, id: record.id, state: record.status, allowed })
}
