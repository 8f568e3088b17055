import { ERROR_CODES, type ErrorCode, type ErrorData } from './error-codes.ts'

const BRAND = Symbol.for('user-engine.error')

/**
 * The one error family of the contract. Recognise it with {@link isUserEngineError} and branch on `code`: the
 * brand survives a second copy of this package, `instanceof` does not, and message texts may change.
 */
export class UserEngineError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'UserEngineError'
  readonly code: Code
  readonly retryable: boolean
  readonly remedy: string
  readonly data: ErrorData[Code]

  constructor(
    code: Code,
    data: ErrorData[Code],
    options?: { readonly detail?: string; readonly cause?: unknown },
  ) {
    const facts = ERROR_CODES[code]
    super(
      options?.detail === undefined ? facts.meaning : `${facts.meaning} ${options.detail}`,
      options?.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.retryable = facts.retryable
    this.remedy = facts.remedy
    this.data = data
    Object.defineProperty(this, BRAND, { value: true })
    // A cause may hold what a driver said about values; it is for debuggers, not for serialisers [DIA-02].
    if (options?.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false })
    }
  }

  /** JSON without stack and cause, safe for logs and responses [DIA-02]. */
  toJSON(): { code: Code; message: string; retryable: boolean; remedy: string; data: ErrorData[Code] } {
    const { code, message, retryable, remedy, data } = this
    return { code, message, retryable, remedy, data }
  }
}

/** A {@link UserEngineError} of any code, as a union that narrows on `code`. */
export type AnyUserEngineError = { [Code in ErrorCode]: UserEngineError<Code> }[ErrorCode]

/**
 * Tells whether a thrown value belongs to the error family, and to one code if given. Works across copies of
 * this package and across realms.
 */
export function isUserEngineError(error: unknown): error is AnyUserEngineError
export function isUserEngineError<Code extends ErrorCode>(
  error: unknown,
  code: Code,
): error is UserEngineError<Code>
export function isUserEngineError(error: unknown, code?: ErrorCode): boolean {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  return code === undefined || (error as { code?: unknown }).code === code
}
