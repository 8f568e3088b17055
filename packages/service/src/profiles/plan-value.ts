import {
  type Audience,
  type JsonValue,
  type ProfileValue,
  type ProfileValueKey,
  UserEngineError,
} from '@user-engine/store-protocol'
import type { CompiledAttribute, CompiledCatalog } from '../catalogs/compiled-catalogs.ts'
import { isSameJson } from '../commands/canonical-json.ts'
import type { CommandRun } from '../commands/command-run.ts'

/** One value that is to be set. */
export interface WantedValue {
  readonly key: ProfileValueKey
  readonly value: JsonValue
  /** The version the caller decided on; 0 for a value that must not exist yet; absent for whatever is there. */
  readonly expectedVersion?: number | undefined
}

/** By whom, through what and against which definitions values are set. */
export interface ValueOrigin {
  readonly definitions: CompiledCatalog
  readonly source: string
  readonly audience: Audience
}

/** What is to be written for one value: nothing, when it is there already. */
export interface PlannedValue {
  readonly change: 'none' | 'insert' | 'update'
  /** The record as it is afterwards. */
  readonly value: ProfileValue
}

/** Why an audience that is no editor is denied; the text of the audit record. */
export const NOT_AN_EDITOR = 'audience may not edit'

/**
 * The attribute under a key, if the audience may edit it.
 * @throws UserEngineError `CATALOG_VIOLATION` when the catalog has no such attribute; `ACCESS_DENIED`.
 */
export function requireEditable(
  attributeKey: string,
  origin: Pick<ValueOrigin, 'definitions' | 'audience'>,
  run: CommandRun,
): CompiledAttribute {
  const attribute = origin.definitions.attributes.get(attributeKey)
  if (attribute === undefined) {
    throw new UserEngineError('CATALOG_VIOLATION', {
      attribute: attributeKey,
      issues: [{ path: 'attributeKey', expected: 'an attribute of the catalog' }],
    })
  }
  if (!attribute.definition.editors.includes(origin.audience)) {
    throw new UserEngineError('ACCESS_DENIED', { action: run.action, reason: NOT_AN_EDITOR })
  }
  return attribute
}

/**
 * Decides what setting one value means against the record that is there.
 * @throws UserEngineError `CATALOG_VIOLATION` when the attribute, the level or the value does not fit the catalog;
 * `ACCESS_DENIED` when the audience may not edit the attribute; `NOT_FOUND` or `VERSION_CONFLICT` [VER-02].
 */
export function planValue(
  wanted: WantedValue,
  context: { readonly stored: ProfileValue | null; readonly origin: ValueOrigin },
  run: CommandRun,
): PlannedValue {
  const { stored, origin } = context
  requireFit(wanted, requireEditable(wanted.key.attributeKey, origin, run))
  requireExpectedVersion(stored, wanted.expectedVersion)
  const { source } = origin
  const { catalog } = origin.definitions
  if (
    stored !== null &&
    stored.provenance.catalogId === catalog.id &&
    isSameJson(stored.value, wanted.value)
  ) {
    return { change: 'none', value: stored }
  }
  const provenance = {
    source,
    actor: run.actor,
    catalogId: catalog.id,
    catalogVersion: catalog.catalogVersion,
  }
  const { now } = run
  if (stored !== null) {
    const version = stored.version + 1
    return {
      change: 'update',
      value: { ...stored, value: wanted.value, provenance, version, updatedAt: now },
    }
  }
  const record = { id: run.newId(), ...wanted.key, value: wanted.value, provenance, version: 1 }
  return { change: 'insert', value: { ...record, createdAt: now, updatedAt: now } }
}

function requireFit(wanted: WantedValue, { definition, check }: CompiledAttribute): void {
  const { level } = wanted.key.scope
  const issues = definition.levels.includes(level)
    ? check(wanted.value)
    : [{ path: 'level', expected: `one of ${definition.levels.join(', ')}` }]
  if (issues.length > 0) throw new UserEngineError('CATALOG_VIOLATION', { attribute: definition.key, issues })
}

/**
 * @throws UserEngineError `NOT_FOUND` when there is no record of the expected version; `VERSION_CONFLICT` when there is
 * one of another version, or one at all where none was expected.
 */
export function requireExpectedVersion(
  stored: ProfileValue | null,
  expectedVersion: number | undefined,
): void {
  if (expectedVersion === undefined) return
  if (stored === null) {
    if (expectedVersion === 0) return
    throw new UserEngineError('NOT_FOUND', { entity: 'profile-value' })
  }
  if (stored.version === expectedVersion) return
  throw new UserEngineError('VERSION_CONFLICT', {
    entity: 'profile-value',
    id: stored.id,
    expectedVersion,
    currentVersion: stored.version,
  })
}
