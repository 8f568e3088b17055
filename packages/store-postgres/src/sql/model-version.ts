import { type EntityKind, UserEngineError } from '@user-engine/store-protocol'

interface VersionedModelChange {
  readonly entity: EntityKind
  readonly id: string
  readonly expectedVersion: number
  readonly findVersion: () => Promise<{ readonly version: number } | null>
  readonly change: (
    where: { readonly id: string; readonly version: number },
    version: { readonly increment: 1 },
  ) => Promise<{ readonly count: number }>
}

/**
 * Changes one model if it still has the expected version [VER-02].
 * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`.
 */
export async function changeOneVersion(options: VersionedModelChange): Promise<void> {
  const { entity, id, expectedVersion } = options
  const { count } = await options.change({ id, version: expectedVersion }, { increment: 1 })
  if (count === 1) return
  const current = await options.findVersion()
  if (current === null) throw new UserEngineError('NOT_FOUND', { entity, id })
  throw new UserEngineError('VERSION_CONFLICT', {
    entity,
    id,
    expectedVersion,
    currentVersion: current.version,
  })
}
