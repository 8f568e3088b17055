import { type Instant, membershipSchema } from '@user-engine/store-protocol'

/** From when and until when a membership holds; `null` is without a beginning or an end. */
export interface Validity {
  readonly validFrom?: Instant | null | undefined
  readonly validUntil?: Instant | null | undefined
}

/** The fields of an input that say when a membership holds. */
export const validityFields = {
  /** Default `null`: from the beginning. */
  validFrom: membershipSchema.shape.validFrom.optional(),
  /** Default `null`: without end. Exclusive. */
  validUntil: membershipSchema.shape.validUntil.optional(),
}

/** What is wrong with a period that holds at no instant. */
export const EMPTY_PERIOD = { path: 'validUntil', expected: 'an instant after validFrom' }

/** Whether there is an instant at which the membership holds. */
export function isPeriod({ validFrom = null, validUntil = null }: Validity): boolean {
  // Instants have one spelling each, so that text order is time order [VAL-04].
  return validFrom === null || validUntil === null || validFrom < validUntil
}
