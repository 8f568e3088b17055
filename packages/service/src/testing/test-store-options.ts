/** What a test may ask of its store; every store understands it. */
export interface TestStoreOptions {
  readonly outbox?: { readonly maxAttempts?: number }
}
