import {
  accountSchema,
  applicationBindingSchema,
  applicationSchema,
  catalogSchema,
  idSchema,
  keySchema,
  PROFILE_LEVELS,
  tenantAccountSchema,
  userSchema,
  versionSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'

/**
 * Payloads hold ids, versions, statuses, keys and the names of changed fields. A display name, a subject or a profile
 * value never leaves with an event: whoever needs it asks for it, and is asked who they are [DIA-02].
 */
const changedFields = z.array(z.string()).readonly()

const userStatus = z.strictObject({
  userId: idSchema,
  status: userSchema.shape.status,
  version: versionSchema,
})

const accountStatus = z.strictObject({
  accountId: idSchema,
  userId: idSchema,
  status: accountSchema.shape.status,
  version: versionSchema,
})

const tenantAccountStatus = z.strictObject({
  tenantAccountId: idSchema,
  accountId: idSchema,
  userId: idSchema,
  status: tenantAccountSchema.shape.status,
  version: versionSchema,
})

const membership = z.strictObject({
  membershipId: idSchema,
  tenantAccountId: idSchema,
  group: keySchema,
  role: keySchema,
})

const applicationStatus = z.strictObject({
  applicationId: idSchema,
  status: applicationSchema.shape.status,
  version: versionSchema,
})

const applicationBinding = z.strictObject({
  applicationBindingId: idSchema,
  applicationId: idSchema,
  catalogId: idSchema,
  status: applicationBindingSchema.shape.status,
  version: versionSchema,
})

const catalog = z.strictObject({
  catalogId: idSchema,
  applicationId: idSchema.nullable(),
  catalogVersion: catalogSchema.shape.catalogVersion,
  status: catalogSchema.shape.status,
  version: versionSchema,
})

const profileValue = z.strictObject({
  profileValueId: idSchema,
  userId: idSchema,
  level: z.enum(PROFILE_LEVELS),
  /** The application of a value at level `application`, else `null`. */
  applicationId: idSchema.nullable(),
  attributeKey: keySchema,
})

/** What an event type is about and what its payload looks like. Payloads of one schema version never change shape. */
interface EventDefinition<Payload extends z.ZodType> {
  /** The aggregate whose events are handed over in commit order [OBX-05]. */
  readonly aggregateType: string
  readonly schemaVersion: number
  readonly payload: Payload
}

function define<Payload extends z.ZodType>(
  aggregateType: string,
  payload: Payload,
): EventDefinition<Payload> {
  return { aggregateType, schemaVersion: 1, payload }
}

/** Every event the service emits, by its type: for consumers that validate, route or document. */
export const EVENT_DEFINITIONS = {
  'user-engine.user.created': define('user', userStatus),
  'user-engine.user.updated': define('user', userStatus.omit({ status: true }).extend({ changedFields })),
  'user-engine.user.suspended': define('user', userStatus),
  'user-engine.user.reactivated': define('user', userStatus),
  'user-engine.user.deactivated': define('user', userStatus),

  'user-engine.account.created': define('account', accountStatus),
  'user-engine.account.updated': define(
    'account',
    accountStatus.omit({ status: true, userId: true }).extend({ changedFields }),
  ),
  'user-engine.account.suspended': define('account', accountStatus),
  'user-engine.account.reactivated': define('account', accountStatus),
  'user-engine.account.deactivated': define('account', accountStatus),

  'user-engine.external-identity.linked': define(
    'external-identity',
    z.strictObject({ externalIdentityId: idSchema, userId: idSchema, version: versionSchema }),
  ),
  'user-engine.external-identity.unlinked': define(
    'external-identity',
    z.strictObject({ externalIdentityId: idSchema, userId: idSchema }),
  ),

  'user-engine.tenant-account.invited': define('tenant-account', tenantAccountStatus),
  'user-engine.tenant-account.joined': define('tenant-account', tenantAccountStatus),
  'user-engine.tenant-account.suspended': define('tenant-account', tenantAccountStatus),
  'user-engine.tenant-account.reactivated': define('tenant-account', tenantAccountStatus),
  'user-engine.tenant-account.left': define('tenant-account', tenantAccountStatus),

  'user-engine.membership.granted': define('tenant-account', membership.extend({ version: versionSchema })),
  'user-engine.membership.updated': define(
    'tenant-account',
    membership.extend({ version: versionSchema, changedFields }),
  ),
  'user-engine.membership.revoked': define('tenant-account', membership),

  'user-engine.application.registered': define('application', applicationStatus),
  'user-engine.application.updated': define(
    'application',
    applicationStatus.omit({ status: true }).extend({ changedFields }),
  ),
  'user-engine.application.retired': define('application', applicationStatus),

  'user-engine.application-binding.bound': define('application-binding', applicationBinding),
  'user-engine.application-binding.rebound': define('application-binding', applicationBinding),
  'user-engine.application-binding.disabled': define('application-binding', applicationBinding),
  'user-engine.application-binding.enabled': define('application-binding', applicationBinding),

  'user-engine.catalog.drafted': define('catalog', catalog),
  'user-engine.catalog.draft-edited': define(
    'catalog',
    z.strictObject({ catalogId: idSchema, version: versionSchema, changedFields }),
  ),
  'user-engine.catalog.published': define('catalog', catalog),
  'user-engine.catalog.retired': define('catalog', catalog),

  'user-engine.profile-value.set': define(
    'user',
    profileValue.extend({ catalogId: idSchema, version: versionSchema }),
  ),
  'user-engine.profile-value.cleared': define('user', profileValue),
} as const

/** The name of an event the service emits: `user-engine.<entity>.<past-tense>`. */
export type EventType = keyof typeof EVENT_DEFINITIONS

type EventPayloads = {
  readonly [Type in EventType]: Readonly<z.output<(typeof EVENT_DEFINITIONS)[Type]['payload']>>
}

/** The payload of one event type. */
export type EventPayload<Type extends EventType> = EventPayloads[Type]

/** All event types, in the order of the vocabulary. */
export const EVENT_TYPES = Object.keys(EVENT_DEFINITIONS) as readonly EventType[]
