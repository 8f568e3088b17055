import { randomFillSync } from 'node:crypto'
import type { Id } from '@user-engine/store-protocol'
import { v7 } from 'uuid'

/** Makes the ids of records, audit records, events and correlations: UUIDv7, each only once. */
export interface IdGenerator {
  next(): Id
}

const RANDOM_BYTES_PER_ID = 16
const POOLED_IDS = 1024
const SEQUENCE_LIMIT = 2 ** 32

/** UUIDv7 ids that grow in the order they are made within this process. */
export function createIdGenerator(): IdGenerator {
  // Drawing randomness for many ids at once: a draw per id would cost several times the rest of the id.
  const pool = Buffer.alloc(RANDOM_BYTES_PER_ID * POOLED_IDS)
  let offset = pool.length
  let msecs = 0
  let seq = 0

  return {
    next() {
      if (offset === pool.length) {
        randomFillSync(pool)
        offset = 0
      }
      const random = pool.subarray(offset, offset + RANDOM_BYTES_PER_ID)
      offset += RANDOM_BYTES_PER_ID

      // RFC 9562 section 6.2: a counter below the millisecond keeps ids ordered, also when the clock steps back.
      const now = Date.now()
      if (now > msecs) {
        msecs = now
        // The top bit stays clear so that the counter has room to grow within its millisecond.
        seq = random.readUInt32BE(0) >>> 1
      } else if (++seq === SEQUENCE_LIMIT) {
        seq = 0
        msecs++
      }
      return v7({ random, msecs, seq })
    },
  }
}
