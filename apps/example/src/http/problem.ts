import { ERROR_CODES, type ErrorCode, isUserEngineError, UserEngineError } from '@user-engine/store-protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'

/** The HTTP status of every error code. */
export const STATUS_OF: { readonly [Code in ErrorCode]: number } = {
  VALIDATION: 400,
  SCOPE_INVALID: 400,
  CURSOR_INVALID: 400,
  SCOPE_NOT_ALLOWED: 403,
  TENANT_BOUNDARY: 403,
  ACCESS_DENIED: 403,
  NOT_FOUND: 404,
  DUPLICATE_IDENTITY: 409,
  DUPLICATE_KEY: 409,
  INVALID_STATE: 409,
  STALE_LEASE: 409,
  VERSION_CONFLICT: 412,
  CATALOG_VIOLATION: 422,
  IDEMPOTENCY_MISMATCH: 422,
  INTERNAL: 500,
  TRANSACTION_ABORTED: 500,
  TRANSACTION_BUSY: 500,
  TRANSACTION_ENDED: 500,
  NOT_SUPPORTED: 501,
  DENIAL_NOT_RECORDED: 503,
  SCHEMA_MISMATCH: 503,
  SERIALIZATION_CONFLICT: 503,
  STORE_CLOSED: 503,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  OUTCOME_UNKNOWN: 504,
}

/** A problem as RFC 9457 has it, with the code, the data and the remedy of the error family. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
  data: z.record(z.string(), z.unknown()),
})

export type Problem = z.infer<typeof problemSchema>

export function problemOf(error: UserEngineError): Problem {
  const { code, message, retryable, remedy, data } = error.toJSON()
  return {
    type: `/problems/${code.toLowerCase().replaceAll('_', '-')}`,
    title: ERROR_CODES[code].meaning,
    status: STATUS_OF[code],
    code,
    detail: message,
    remedy,
    retryable,
    data: { ...data },
  }
}

/** A precondition that the request lacks (RFC 6585 section 3): a change must name the version it is based on. */
export class PreconditionRequired extends Error {
  override readonly name = 'PreconditionRequired'
}

/** It cannot be told who the request is from (RFC 9110 section 15.5.2). */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated'
}

const PRECONDITION_REQUIRED: Problem = {
  type: '/problems/precondition-required',
  title: 'A change must say which version it is based on.',
  status: 428,
  code: 'PRECONDITION_REQUIRED',
  detail: 'The If-Match header is missing or no version.',
  remedy: 'Send If-Match with the ETag of the record you read.',
  retryable: false,
  data: {},
}

const UNAUTHENTICATED: Problem = {
  type: '/problems/unauthenticated',
  title: 'The caller is not known.',
  status: 401,
  code: 'UNAUTHENTICATED',
  detail: 'The request carries no valid bearer token.',
  remedy: 'Send Authorization: Bearer with a token of the configured issuer.',
  retryable: false,
  data: {},
}

/** Answers every error as a problem; what is not of the family is logged and shown as `INTERNAL` without its text. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.type('application/problem+json')
  if (error instanceof PreconditionRequired) return reply.status(428).send(PRECONDITION_REQUIRED)
  if (error instanceof Unauthenticated) {
    return reply.status(401).header('www-authenticate', 'Bearer').send(UNAUTHENTICATED)
  }
  const known = isUserEngineError(error) ? error : unexpected(error, request)
  if (isUserEngineError(known, 'VERSION_CONFLICT')) reply.header('etag', `"${known.data.currentVersion}"`)
  const problem = problemOf(known)
  if (problem.retryable) reply.header('retry-after', '1')
  if (problem.status >= 500) request.log.error({ code: problem.code, data: problem.data }, 'request failed')
  return reply.status(problem.status).send(problem)
}

function unexpected(error: unknown, request: FastifyRequest): UserEngineError {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) {
    // Fastify's own refusals: a body that is no JSON, too large, or of another type.
    return new UserEngineError('VALIDATION', {
      issues: [{ path: '', expected: 'a request with a JSON body' }],
    })
  }
  request.log.error({ error: error instanceof Error ? error.name : typeof error }, 'unexpected error')
  return new UserEngineError('INTERNAL', { reference: String(request.id) })
}
