import * as z from 'zod'
import { idSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'
import { versionSchema } from '../values/version.ts'

/**
 * Who vouches for a sign-in and under which name: compared exactly, byte by byte [IDN-01, IDN-04]. A whole identity
 * may stand where its key is asked for.
 */
export const identityKeySchema = z.object({
  issuer: textSchema({ min: 1, max: 512 }),
  subject: textSchema({ min: 1, max: 256 }),
})

export type IdentityKey = Readonly<z.infer<typeof identityKeySchema>>

/** An outside sign-in linked to a user. Unique by (issuer, subject) across the platform [IDN-01]. */
export const externalIdentitySchema = z.strictObject({
  id: idSchema,
  userId: idSchema,
  ...identityKeySchema.shape,
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type ExternalIdentity = Readonly<z.infer<typeof externalIdentitySchema>>
