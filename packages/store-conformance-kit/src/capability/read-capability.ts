// What is handed over, as far as cases need it to go on: whether it is handed over as it should be is a case of its own.
import {
  type CapabilityDescription,
  type ConnectionLease,
  capabilityDescriptionSchema,
  connectionLeaseSchema,
  formatIssues,
  type LeaseRole,
  type PostgresCapability,
} from '@user-engine/store-protocol'
import type * as z from 'zod'
import { callVerb, HarnessFailure } from '../harness-guard.ts'

/** @throws HarnessFailure when it cannot be read. */
export async function describeCapability(capability: PostgresCapability): Promise<CapabilityDescription> {
  const name = 'describe() of the capability'
  return read(capabilityDescriptionSchema, await callVerb(name, async () => capability.describe()), name)
}

/** @throws HarnessFailure when it cannot be read. */
export async function leaseOf(capability: PostgresCapability, role: LeaseRole): Promise<ConnectionLease> {
  const name = `lease('${role}') of the capability`
  return read(connectionLeaseSchema, await callVerb(name, async () => capability.lease(role)), name)
}

function read<Value>(schema: z.ZodType<Value>, candidate: unknown, name: string): Value {
  const parsed = schema.safeParse(candidate)
  if (parsed.success) return parsed.data
  const [issue] = formatIssues(parsed.error)
  const path = issue?.path ? ` at ${issue.path}` : ''
  throw new HarnessFailure(`${name} answered something else: expected ${issue?.expected}${path}.`)
}
