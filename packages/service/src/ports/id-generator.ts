import { randomFillSync, randomInt } from 'node:crypto'
import type { Id } from '@user-engine/store-protocol'

/** Makes the ids of records, audit records, events and correlations: UUIDv7, each only once. */
export interface IdGenerator {
  next(): Id
}

const POOLED_IDS = 1024
const RANDOM_BYTES = 6
const RANDOM_DIGITS = 2 * RANDOM_BYTES
/** 26 bits: what RFC 9562 leaves between the time and the last 48 bits, version and variant taken off. */
const COUNTER_LIMIT = 2 ** 26

const DIGITS = Buffer.from('0123456789abcdef', 'latin1')

/**
 * UUIDv7 ids that grow in the order they are made within this process (RFC 9562 section 6.2, method 1): 48 bits of
 * time in milliseconds, a counter of 26 bits that begins anywhere in each millisecond, 48 random bits. Every command
 * makes several, so that an id is written digit by digit into one buffer, and its randomness drawn for many at once.
 */
export function createIdGenerator(): IdGenerator {
  return new CountingIds()
}

class CountingIds implements IdGenerator {
  readonly #text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1')
  readonly #random = Buffer.alloc(RANDOM_BYTES * POOLED_IDS)
  /** The random bytes as digits. */
  readonly #digits = Buffer.alloc(RANDOM_DIGITS * POOLED_IDS)
  #offset = this.#digits.length
  #milliseconds = 0
  #counter = 0

  next(): Id {
    if (this.#offset === this.#digits.length) this.#draw()
    const now = Date.now()
    // The counter also keeps ids in order when the clock steps back.
    if (now > this.#milliseconds) this.#begin(now)
    else if (++this.#counter === COUNTER_LIMIT) this.#begin(this.#milliseconds + 1)
    this.#writeCounter()
    const text = this.#text
    for (let index = 0; index < RANDOM_DIGITS; index++) {
      text[24 + index] = this.#digits[this.#offset + index] as number
    }
    this.#offset += RANDOM_DIGITS
    return text.toString('latin1')
  }

  #draw(): void {
    randomFillSync(this.#random)
    this.#digits.write(this.#random.toString('hex'), 'latin1')
    this.#offset = 0
  }

  #begin(milliseconds: number): void {
    this.#milliseconds = milliseconds
    // Half of what there is, so that the counter has room to grow within its millisecond.
    this.#counter = randomInt(COUNTER_LIMIT / 2)
    const digits = milliseconds.toString(16).padStart(12, '0')
    this.#text.write(`${digits.slice(0, 8)}-${digits.slice(8)}`, 'latin1')
  }

  /** 12 bits behind the version, 14 behind the variant. */
  #writeCounter(): void {
    const text = this.#text
    const counter = this.#counter
    text[15] = DIGITS[counter >>> 22] as number
    text[16] = DIGITS[(counter >>> 18) & 15] as number
    text[17] = DIGITS[(counter >>> 14) & 15] as number
    text[19] = DIGITS[8 | ((counter >>> 12) & 3)] as number
    text[20] = DIGITS[(counter >>> 8) & 15] as number
    text[21] = DIGITS[(counter >>> 4) & 15] as number
    text[22] = DIGITS[counter & 15] as number
  }
}
