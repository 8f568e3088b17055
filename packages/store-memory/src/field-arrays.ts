/**
 * The fields of many records side by side. A record with its parts is several objects, and a log of them is what the
 * garbage collector of a busy store would mostly be carrying around; logs are written all the time and read rarely.
 */
export interface FieldArrays {
  /** How many records there are. */
  readonly length: number
  /** Makes a place for the fields of one more record. */
  append(): FieldsPlace
  /** Where the fields of the record at a position are. */
  at(position: number): FieldsPlace
}

/** The array in which the fields of one record are, and where they start. */
export interface FieldsPlace {
  readonly array: unknown[]
  readonly start: number
}

/** Makes room for records of so many fields. */
export function createFieldArrays(fields: number): FieldArrays {
  return new ChunkedArrays(fields)
}

const RECORDS_PER_ARRAY = 256

class ChunkedArrays implements FieldArrays {
  readonly #fields: number
  readonly #arrays: unknown[][] = []
  #last: unknown[] = []
  #length = 0

  constructor(fields: number) {
    this.#fields = fields
  }

  get length(): number {
    return this.#length
  }

  append(): FieldsPlace {
    const start = (this.#length++ % RECORDS_PER_ARRAY) * this.#fields
    if (start === 0) this.#begin()
    return { array: this.#last, start }
  }

  at(position: number): FieldsPlace {
    const array = this.#arrays[Math.trunc(position / RECORDS_PER_ARRAY)] ?? []
    return { array, start: (position % RECORDS_PER_ARRAY) * this.#fields }
  }

  /** The first array grows with its records, for there are logs with few; later ones have their length at once. */
  #begin(): void {
    this.#last = this.#arrays.length === 0 ? [] : new Array(RECORDS_PER_ARRAY * this.#fields)
    this.#arrays.push(this.#last)
  }
}
