export const PROVIDER_ERROR_CODES = [
  'BACKEND_UNAVAILABLE',
  'FOLDER_NOT_WRITABLE',
  'INVALID_OPTION',
  'NOT_SUPPORTED',
  'PORT_IN_USE',
  'SERVER_FAILED',
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
