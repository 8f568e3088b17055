/** Every reason a provider gives, with what it means. */
export const PROVIDER_ERROR_CODES = [
  /** No Postgres can be reached or brought up with these options. */
  'BACKEND_UNAVAILABLE',
  /** The data folder cannot be used by the account that the server runs under. */
  'FOLDER_NOT_WRITABLE',
  /** An option has a value that cannot work. */
  'INVALID_OPTION',
  /** The administrator lacks a right that provisioning needs. */
  'NOT_PERMITTED',
  /** A fault needs a running server, and it is not running or paused. */
  'NOT_RUNNING',
  /** This backend cannot do that at all. */
  'NOT_SUPPORTED',
  /** Somebody else listens on the port. */
  'PORT_IN_USE',
  /** The server's own programs ended with an error. */
  'SERVER_FAILED',
  /** The provider was used after `stop`, or a database after it was dropped. */
  'STOPPED',
  /** A database cannot be copied while somebody is connected to it. */
  'TEMPLATE_IN_USE',
] as const

export type ProviderErrorCode = (typeof PROVIDER_ERROR_CODES)[number]

/** Why the provider cannot do what it was asked for: one sentence that says what to change, without any secret. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderErrorCode

  constructor(code: ProviderErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}

/** The code that Node or Postgres gave an error, or `null`. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
