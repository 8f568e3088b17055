import * as z from 'zod'

const optionalText = z.string().max(1024).nullish()

/** A multi-valued attribute of RFC 7643 section 2.4, as far as the import reads it. */
const multiValued = z
  .array(
    z.looseObject({
      value: optionalText,
      display: optionalText,
      type: optionalText,
      primary: z.boolean().nullish(),
    }),
  )
  .nullish()

/**
 * A SCIM 2.0 user (RFC 7643 section 4.1), as far as the import reads it; everything else is ignored. `password` is not
 * part of it: the value is dropped with the rest and goes nowhere.
 */
export const scimUserSchema = z.looseObject({
  id: optionalText,
  externalId: optionalText,
  userName: z.string().min(1).max(256),
  active: z.boolean().nullish(),
  displayName: optionalText,
  name: z
    .looseObject({ formatted: optionalText, givenName: optionalText, familyName: optionalText })
    .nullish(),
  nickName: optionalText,
  profileUrl: optionalText,
  title: optionalText,
  userType: optionalText,
  preferredLanguage: optionalText,
  locale: optionalText,
  timezone: optionalText,
  emails: multiValued,
  phoneNumbers: multiValued,
  groups: z
    .array(z.looseObject({ value: optionalText, display: optionalText, type: optionalText }))
    .nullish(),
  roles: multiValued,
})

export type ScimUser = z.infer<typeof scimUserSchema>
