import * as z from 'zod'
import { idSchema, keySchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { versionSchema } from '../values/version.ts'
import { attributeDefinitionSchema } from './attribute-definition.ts'

export const CATALOG_STATUSES = ['draft', 'published', 'retired'] as const

export const BREAKING_CHANGE_KINDS = [
  'attribute-removed',
  'type-changed',
  'constraint-narrowed',
  'became-required',
  'level-removed',
  'viewer-removed',
  'editor-removed',
] as const

/** One thing in a catalog version that values or readers of the version before may trip over. */
export const breakingChangeSchema = z.strictObject({
  attribute: keySchema,
  kind: z.enum(BREAKING_CHANGE_KINDS),
})

export type BreakingChange = Readonly<z.infer<typeof breakingChangeSchema>>

/**
 * A versioned set of attribute definitions, of one application or of the platform (`applicationId` null). Unique
 * by (applicationId, key, catalogVersion). A published one never changes again but for its status.
 */
export const catalogSchema = z.strictObject({
  id: idSchema,
  applicationId: idSchema.nullable(),
  key: keySchema,
  catalogVersion: z.int().min(1),
  status: z.enum(CATALOG_STATUSES),
  attributes: z.array(attributeDefinitionSchema).max(256),
  /** What this version breaks against the published one before it; filled when it is published. */
  breakingChanges: z.array(breakingChangeSchema).max(4096),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type Catalog = Readonly<z.infer<typeof catalogSchema>>
export type CatalogStatus = Catalog['status']

/** What an update may change. */
export const catalogChangesSchema = catalogSchema
  .pick({ status: true, attributes: true, breakingChanges: true })
  .partial()

export type CatalogChanges = Readonly<z.infer<typeof catalogChangesSchema>>
