import { UserEngineError } from '@user-engine/store-protocol'
import * as z from 'zod'
import type { AuthorizationPort, AuthorizationRequest, Decision } from '../ports/authorization-port.ts'

const MAX_REASON_LENGTH = 1024

const decisionSchema = z.union([
  z.object({ allowed: z.literal(true) }),
  z.object({ allowed: z.literal(false), reason: z.string() }),
])

/**
 * Asks the port. Answers at once when the port does: a command must not wait for a turn of the event loop that
 * nobody needs.
 * @throws UserEngineError `UNAVAILABLE` (reason `authorization`) when the port throws, rejects or gives no decision.
 */
export function authorize(
  port: AuthorizationPort,
  request: AuthorizationRequest,
): Decision | Promise<Decision> {
  let answer: Decision | Promise<Decision>
  try {
    answer = port.authorize(request)
  } catch (cause) {
    throw unavailable(cause)
  }
  // An answer that is not exactly "allowed" is either a refusal to read or a promise to wait for.
  if (isAllowed(answer)) return answer
  return isPromise(answer) ? settle(answer) : readDecision(answer)
}

async function settle(answer: Promise<Decision>): Promise<Decision> {
  let decision: Decision
  try {
    decision = await answer
  } catch (cause) {
    throw unavailable(cause)
  }
  return readDecision(decision)
}

// What is no decision is not taken for one: neither for a permission nor for a refusal.
function readDecision(decision: unknown): Decision {
  const parsed = decisionSchema.safeParse(decision)
  if (!parsed.success) throw unavailable(undefined)
  return parsed.data.allowed ? parsed.data : { allowed: false, reason: keepable(parsed.data.reason) }
}

// The reason goes into the audit record, and a text the store cannot keep must not lose the denial.
function keepable(reason: string): string {
  const text = reason.replaceAll('\u0000', '').slice(0, MAX_REASON_LENGTH).toWellFormed()
  return text === '' ? 'denied without a reason' : text
}

function isAllowed(answer: unknown): answer is { readonly allowed: true } {
  return typeof answer === 'object' && answer !== null && 'allowed' in answer && answer.allowed === true
}

function isPromise(answer: unknown): answer is Promise<Decision> {
  return (
    typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function'
  )
}

function unavailable(cause: unknown): UserEngineError<'UNAVAILABLE'> {
  return new UserEngineError('UNAVAILABLE', { reason: 'authorization' }, { cause })
}
