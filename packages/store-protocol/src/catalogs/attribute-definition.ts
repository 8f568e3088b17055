import * as z from 'zod'
import { keySchema } from '../values/identifiers.ts'
import { jsonValueSchema } from '../values/json-value.ts'
import { textSchema } from '../values/text.ts'

export const ATTRIBUTE_TYPES = [
  'string',
  'number',
  'integer',
  'boolean',
  'instant',
  'string-list',
  'json',
] as const

/** How carefully a value is handled: `sensitive` values never appear in audit records or events. */
export const CLASSIFICATIONS = ['public', 'internal', 'personal', 'sensitive'] as const

/**
 * Who looks at or changes a profile: the user, an application bound by the tenant, somebody who administers the
 * tenant, or the platform's operators. Which of them a caller is, the authorization port decides.
 */
export const AUDIENCES = ['self', 'application', 'tenant-administrator', 'platform'] as const

/** Where a value may be set: for the user everywhere, within a tenant, or for one application within a tenant. */
export const PROFILE_LEVELS = ['global', 'tenant', 'application'] as const

/** Well-known text forms that a string attribute may demand. */
export const STRING_FORMATS = ['email', 'uri', 'date', 'uuid', 'locale', 'time-zone'] as const

/** What a value must fulfil beyond its type. A limit that does not belong to the type is refused. */
export const attributeConstraintsSchema = z.strictObject({
  minLength: z.int().min(0).optional(),
  maxLength: z.int().min(0).optional(),
  format: z.enum(STRING_FORMATS).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxItems: z.int().min(0).optional(),
  oneOf: z
    .array(z.union([textSchema({ min: 0, max: 256 }), z.number()]))
    .min(1)
    .max(256)
    .optional(),
})

export type AttributeConstraints = Readonly<z.infer<typeof attributeConstraintsSchema>>

/** One attribute of a catalog. */
export const attributeDefinitionSchema = z.strictObject({
  key: keySchema,
  type: z.enum(ATTRIBUTE_TYPES),
  description: textSchema({ min: 0, max: 1024 }).nullable(),
  constraints: attributeConstraintsSchema,
  /** The value where nobody set one. Absent is no default; `null` is not a default [VAL-03]. */
  default: jsonValueSchema.optional(),
  required: z.boolean(),
  classification: z.enum(CLASSIFICATIONS),
  viewers: z.array(z.enum(AUDIENCES)).max(AUDIENCES.length),
  editors: z.array(z.enum(AUDIENCES)).max(AUDIENCES.length),
  levels: z.array(z.enum(PROFILE_LEVELS)).min(1).max(PROFILE_LEVELS.length),
})

export type AttributeDefinition = Readonly<z.infer<typeof attributeDefinitionSchema>>
export type AttributeType = AttributeDefinition['type']
export type Classification = AttributeDefinition['classification']
export type Audience = (typeof AUDIENCES)[number]
export type ProfileLevel = (typeof PROFILE_LEVELS)[number]
