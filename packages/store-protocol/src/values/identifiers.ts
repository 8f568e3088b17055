import * as z from 'zod'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * A UUIDv7 in lower-case canonical form, made by the caller so that a retry can repeat it (RFC 9562 section 5.7).
 * One spelling per id keeps byte order and time order the same [QRY-02].
 */
export const idSchema = z.string().regex(UUID_V7, { error: 'a UUIDv7 in lower case' })

export type Id = z.infer<typeof idSchema>

/** A tenant id: opaque, 1 to 128 visible ASCII characters, compared byte by byte [IDN-04, TEN-05]. */
export const tenantIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, { error: '1 to 128 visible ASCII characters' })

export type TenantId = z.infer<typeof tenantIdSchema>

/** A key that people write: lower-case letters, digits, dot, dash and underscore, 1 to 128 characters. */
export const keySchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, {
  error: '1 to 128 of a-z, 0-9, dot, dash, underscore, starting with a letter or digit',
})

export type Key = z.infer<typeof keySchema>
