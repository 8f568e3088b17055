import type * as z from 'zod'
import type { ValidationIssue } from '../errors/error-codes.ts'
import { UserEngineError } from '../errors/user-engine-error.ts'
import { deepFreeze } from '../freeze.ts'
import { formatIssues } from '../validate.ts'
import { findForeignObject } from './plain-data.ts'
import {
  type CapabilityDescription,
  type ConnectionLease,
  capabilityDescriptionSchema,
  connectionLeaseSchema,
  type LeaseRole,
  type PostgresCapability,
} from './postgres-capability.ts'

const HAND_OVER =
  'an object with describe() and lease(role), not a pool, a client or a connection string of a driver: hand over host, port, database, user, password and TLS as data, and the store opens connections of its own'

/**
 * Takes what somebody hands over for a capability: an object with `describe()` and `lease(role)`, and no driver object
 * anywhere in it [CAP-01]. Nothing is connected and neither function is called.
 * @throws UserEngineError `VALIDATION` with a sentence that says what to hand over.
 */
export function acceptCapability(candidate: unknown): PostgresCapability {
  const has = (name: string) => typeof Reflect.get(Object(candidate), name) === 'function'
  // A driver object with our functions added is still one.
  const isCapability = has('describe') && has('lease') && !has('query') && !has('connect')
  if (!isCapability) throw refusal({ path: 'capability', expected: HAND_OVER })
  for (const [name, member] of Object.entries(Object(candidate)))
    if (typeof member !== 'function') assertPlain(member, `capability.${name}`)
  return candidate as PostgresCapability
}

/**
 * Asks a capability for its description, and takes it as frozen data.
 * @throws UserEngineError `VALIDATION` with the path of what is wrong; what `describe()` itself throws goes through.
 */
export async function readDescription(capability: PostgresCapability): Promise<CapabilityDescription> {
  return accept(capabilityDescriptionSchema, await capability.describe(), 'describe()')
}

/**
 * Asks a capability for a lease, and takes it as frozen data.
 * @throws UserEngineError `VALIDATION` with the path of what is wrong, never with a value; what `lease()` itself throws
 * goes through.
 */
export async function readLease(capability: PostgresCapability, role: LeaseRole): Promise<ConnectionLease> {
  return accept(connectionLeaseSchema, await capability.lease(role), `lease('${role}')`)
}

function accept<Value>(schema: z.ZodType<Value>, candidate: unknown, name: string): Value {
  assertPlain(candidate, name)
  const parsed = schema.safeParse(candidate)
  if (parsed.success) return deepFreeze(parsed.data)
  const issues = formatIssues(parsed.error)
  throw refusal(
    ...issues.map(({ path, expected }) => ({ path: path === '' ? name : `${name}.${path}`, expected })),
  )
}

function assertPlain(value: unknown, path: string): void {
  const foreign = findForeignObject(value, path)
  if (foreign === null) return
  throw refusal({
    path: foreign,
    expected:
      'plain data, not an object of a class such as a pool, a client or a socket: hand over the values that it was made of',
  })
}

function refusal(...issues: readonly ValidationIssue[]): UserEngineError {
  const detail = issues.map(({ path, expected }) => `${path} must be ${expected}.`).join(' ')
  return new UserEngineError('VALIDATION', { issues }, { detail })
}
