// The one place where what Postgres, the driver and the network say becomes what the contract says.
import { type EntityKind, isUserEngineError, UserEngineError } from '@user-engine/store-protocol'
import { BatchError } from './batch.ts'

/** What a failed statement was about, for errors that Postgres reports without knowing the domain. */
export interface StatementSubject {
  readonly entity: EntityKind
  readonly id: string
  readonly expectedVersion?: number
  /** The ids of the records the statement refers to. */
  readonly references?: { readonly [Kind in EntityKind]?: string | null }
}

/** The parts of a Postgres error this module reads. Its message and detail may hold values and go no further. */
interface ServerError {
  readonly code: string
  readonly severity?: string
  readonly constraint?: string
  readonly detail?: string
}

interface DuplicateKey {
  readonly entity: EntityKind
  readonly key: string
}

const UNIQUE_CONSTRAINTS: { readonly [constraint: string]: DuplicateKey } = {
  users_pkey: { entity: 'user', key: 'id' },
  accounts_pkey: { entity: 'account', key: 'id' },
  external_identities_pkey: { entity: 'external-identity', key: 'id' },
  applications_pkey: { entity: 'application', key: 'id' },
  applications_key_key: { entity: 'application', key: 'key' },
  catalogs_pkey: { entity: 'catalog', key: 'id' },
  catalogs_family_version_key: { entity: 'catalog', key: 'applicationId,key,catalogVersion' },
  tenant_accounts_pkey: { entity: 'tenant-account', key: 'id' },
  tenant_accounts_tenant_id_account_id_key: { entity: 'tenant-account', key: 'tenantId,accountId' },
  memberships_pkey: { entity: 'membership', key: 'id' },
  memberships_natural_key: { entity: 'membership', key: 'tenantAccountId,group,role' },
  application_bindings_pkey: { entity: 'application-binding', key: 'id' },
  application_bindings_tenant_id_application_id_key: {
    entity: 'application-binding',
    key: 'tenantId,applicationId',
  },
  global_profile_values_pkey: { entity: 'profile-value', key: 'id' },
  global_profile_values_user_id_attribute_key_key: {
    entity: 'profile-value',
    key: 'userId,scope,attributeKey',
  },
  tenant_profile_values_pkey: { entity: 'profile-value', key: 'id' },
  tenant_profile_values_natural_key: { entity: 'profile-value', key: 'userId,scope,attributeKey' },
  audit_records_pkey: { entity: 'audit-record', key: 'id' },
}

/** Keys of partitions are named after the partition. */
const EVENT_KEY = /^outbox_events_\w+_pkey$/

const REFERENCE_CONSTRAINTS: { readonly [constraint: string]: EntityKind } = {
  accounts_user_id_fkey: 'user',
  external_identities_user_id_fkey: 'user',
  global_profile_values_user_id_fkey: 'user',
  catalogs_application_id_fkey: 'application',
  memberships_tenant_account_fkey: 'tenant-account',
  application_bindings_application_id_fkey: 'application',
  application_bindings_catalog_id_fkey: 'catalog',
  tenant_profile_values_application_id_fkey: 'application',
}

/** The constraint behind which an idempotency key was found used. */
export const IDEMPOTENCY_CONSTRAINT = 'idempotency_keys_pkey'

/** Where in its life a transaction was when the error arose. */
export interface ErrorMoment {
  /** The error arose at a COMMIT that may have reached the server. */
  readonly committing: boolean
  readonly idempotent: boolean
  readonly timeoutMs: number
  readonly subject: StatementSubject | null
}

/**
 * The contract's error for anything that went wrong inside a transaction [TXN-04, TXN-09, TXN-10, TXN-11, DIA-02].
 * The original stays reachable as `cause`, which no serialiser follows.
 */
export function mapError(thrown: unknown, moment: ErrorMoment): UserEngineError {
  if (isUserEngineError(thrown)) return thrown
  const cause = thrown instanceof BatchError ? thrown.cause : thrown
  const server = asServerError(cause)
  if (server === null && !moment.committing && isOfPrisma(cause))
    return new UserEngineError('INTERNAL', { reference: `prisma ${cause.code ?? cause.name}` }, { cause })
  if (server === null || isConnectionEnd(server)) {
    if (moment.committing)
      return new UserEngineError('OUTCOME_UNKNOWN', { idempotent: moment.idempotent }, { cause })
    return new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' }, { cause })
  }
  return mapServerError(server, moment, cause)
}

/** The same for what is asked beside all work: nothing of any work was sent. */
export function mapErrorBesideWork(
  thrown: unknown,
  { timeoutMs }: { readonly timeoutMs: number },
): UserEngineError {
  return mapError(thrown, { committing: false, idempotent: false, timeoutMs, subject: null })
}

function mapServerError(server: ServerError, moment: ErrorMoment, cause: unknown): UserEngineError {
  switch (server.code) {
    case '23505':
      return mapUniqueViolation(server, cause)
    case '23503':
      return mapReferenceViolation(server, moment, cause)
    case 'UE404':
      return mapMissing(server, moment, cause)
    case 'UE409':
      return mapVersionConflict(server, moment, cause)
    case 'UE412':
      return new UserEngineError(
        'STALE_LEASE',
        parseDetail(server) as { token: number; eventIds: string[] },
        { cause },
      )
    case '40001':
    case '40P01':
      return new UserEngineError('SERIALIZATION_CONFLICT', {}, { cause })
    case '57014':
    case '55P03':
      return new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs: moment.timeoutMs }, { cause })
    case '25P02':
      return new UserEngineError('TRANSACTION_ABORTED', {}, { cause })
    case '42501':
      return moment.subject === null
        ? internal(server, cause)
        : new UserEngineError('TENANT_BOUNDARY', { entity: moment.subject.entity }, { cause })
    case '42P01':
    case '3F000':
    case '42703':
    case '42883':
      return new UserEngineError(
        'SCHEMA_MISMATCH',
        { state: 'unknown', expected: '', found: null },
        { cause },
      )
    default:
      return mapByClass(server, cause)
  }
}

function mapByClass(server: ServerError, cause: unknown): UserEngineError {
  switch (server.code.slice(0, 2)) {
    case '53':
      return new UserEngineError('UNAVAILABLE', { reason: 'overloaded' }, { cause })
    // A standby, or a server that was demoted while the transaction ran.
    case '25':
      return server.code === '25006'
        ? new UserEngineError('UNAVAILABLE', { reason: 'starting' }, { cause })
        : internal(server, cause)
    case '40':
      return new UserEngineError('SERIALIZATION_CONFLICT', {}, { cause })
    default:
      return internal(server, cause)
  }
}

function mapUniqueViolation(server: ServerError, cause: unknown): UserEngineError {
  // Nothing about the other record goes along: not its id, not whether the scope may see it [IDN-02].
  if (server.constraint === 'external_identities_subject_issuer_key') {
    return new UserEngineError('DUPLICATE_IDENTITY', {}, { cause })
  }
  const duplicate = duplicateOf(server.constraint ?? '')
  return duplicate === undefined
    ? internal(server, cause)
    : new UserEngineError('DUPLICATE_KEY', duplicate, { cause })
}

function duplicateOf(constraint: string): DuplicateKey | undefined {
  return EVENT_KEY.test(constraint) ? { entity: 'outbox-event', key: 'id' } : UNIQUE_CONSTRAINTS[constraint]
}

function mapReferenceViolation(server: ServerError, moment: ErrorMoment, cause: unknown): UserEngineError {
  const entity = server.constraint === undefined ? undefined : REFERENCE_CONSTRAINTS[server.constraint]
  if (entity === undefined) return internal(server, cause)
  const id = moment.subject?.references?.[entity] ?? undefined
  return new UserEngineError('NOT_FOUND', id === undefined ? { entity } : { entity, id }, { cause })
}

function mapMissing(server: ServerError, moment: ErrorMoment, cause: unknown): UserEngineError {
  const detail = parseDetail(server) as { entity?: EntityKind; id?: string }
  const entity = detail.entity ?? moment.subject?.entity
  const id = detail.id ?? moment.subject?.id
  if (entity === undefined) return internal(server, cause)
  return new UserEngineError('NOT_FOUND', id === undefined ? { entity } : { entity, id }, { cause })
}

function mapVersionConflict(server: ServerError, moment: ErrorMoment, cause: unknown): UserEngineError {
  const { currentVersion } = parseDetail(server) as { currentVersion?: number }
  const { subject } = moment
  if (subject?.expectedVersion === undefined || currentVersion === undefined) return internal(server, cause)
  const { entity, id, expectedVersion } = subject
  return new UserEngineError('VERSION_CONFLICT', { entity, id, expectedVersion, currentVersion }, { cause })
}

/** The details of this schema's own refusals are JSON that holds entity kinds, ids and versions only. */
function parseDetail(error: { readonly detail?: string }): unknown {
  return error.detail === undefined ? {} : JSON.parse(error.detail)
}

/** The contract's error for a connection that could not be had. */
export function mapConnectError(thrown: unknown): UserEngineError {
  if (isUserEngineError(thrown)) return thrown
  const server = asServerError(thrown)
  const reason = server === null ? 'unreachable' : connectReason(server)
  return new UserEngineError('UNAVAILABLE', { reason }, { cause: thrown })
}

function connectReason(server: ServerError): 'overloaded' | 'starting' | 'refused' | 'unreachable' {
  if (server.code.startsWith('53')) return 'overloaded'
  if (['57P01', '57P02', '57P03'].includes(server.code)) return 'starting'
  // A database that takes no connections for a while, as during a restore.
  if (server.code === '55000') return 'starting'
  if (server.code.startsWith('28') || server.code === '3D000' || server.code === '42501') return 'refused'
  return 'unreachable'
}

/** Whether the server refused the login itself, so that a newer lease may help [CAP-04]. */
export function isCredentialRefusal(thrown: unknown): boolean {
  return asServerError(thrown)?.code.startsWith('28') ?? false
}

/** Whether a batch failed because the idempotency key it inserts was used before [TXN-04]. */
export function isUsedIdempotencyKey(thrown: unknown): boolean {
  const server = asServerError(thrown instanceof BatchError ? thrown.cause : thrown)
  return server?.code === '23505' && server.constraint === IDEMPOTENCY_CONSTRAINT
}

/**
 * Whether a pooler answered because it has lost the server: it answers the first statement that is open, whatever the
 * server has executed of those after it.
 */
export function isAnswerOfPooler(thrown: unknown): boolean {
  return asServerError(thrown instanceof BatchError ? thrown.cause : thrown)?.code.startsWith('08') ?? false
}

/** Whether the server refused what a statement would have done, and not that it went on. */
export function isRefusal(thrown: unknown): boolean {
  const server = asServerError(thrown instanceof BatchError ? thrown.cause : thrown)
  if (server === null || isConnectionEnd(server)) return false
  const isInterruption = server.code === '57014' || server.code === '55P03' || server.code.startsWith('40')
  return !isInterruption
}

/** Whether the connection is gone, and with it everything that was open on it. */
export function isConnectionLoss(error: UserEngineError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'OUTCOME_UNKNOWN'
}

/** The Postgres error inside a thrown value, if that is what it is. */
export function asServerError(thrown: unknown): ServerError | null {
  if (typeof thrown !== 'object' || thrown === null) return null
  const { code } = thrown as { code?: unknown }
  // Socket errors have codes as well (ECONNRESET); only the server's carry a severity.
  return typeof code === 'string' && 'severity' in thrown ? (thrown as ServerError) : null
}

// A model call that Prisma refused by itself, before or after it asked the server; what the driver threw never comes in this shape.
function isOfPrisma(thrown: unknown): thrown is Error & { readonly code?: string } {
  return thrown instanceof Error && thrown.name.startsWith('PrismaClient')
}

function isConnectionEnd(server: ServerError): boolean {
  return (
    server.severity === 'FATAL' ||
    server.severity === 'PANIC' ||
    server.code.startsWith('57P') ||
    server.code.startsWith('08')
  )
}

// The reference is the SQLSTATE: enough to find the cause in the server's log, and free of values.
function internal(server: ServerError, cause: unknown): UserEngineError {
  return new UserEngineError('INTERNAL', { reference: `sqlstate ${server.code}` }, { cause })
}
