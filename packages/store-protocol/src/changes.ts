import * as z from 'zod'
import { type Id, idSchema } from './values/identifiers.ts'
import { type Instant, instantSchema } from './values/instant.ts'
import { type Version, versionSchema } from './values/version.ts'

/**
 * Changes some fields of one record. The caller names the version it decided on; the store makes it one higher
 * [VER-01, VER-02].
 */
export interface VersionedUpdate<Changes> {
  readonly id: Id
  readonly expectedVersion: Version
  /** The fields to change; absent fields stay [VAL-03]. */
  readonly set: Changes
  /** The caller's clock; becomes the record's `updatedAt`. */
  readonly updatedAt: Instant
}

/** Removes one record whose version the caller names [VER-02]. */
export interface VersionedDelete {
  readonly id: Id
  readonly expectedVersion: Version
}

export const versionedDeleteSchema = z.strictObject({ id: idSchema, expectedVersion: versionSchema })

/** The schema of a {@link VersionedUpdate} whose changes have the given schema. */
export function versionedUpdateSchema<Changes extends z.ZodType>(changes: Changes) {
  return z.strictObject({
    id: idSchema,
    expectedVersion: versionSchema,
    set: changes,
    updatedAt: instantSchema,
  })
}
