// Arrays as parameters in the binary form of Postgres: neither side writes values out as text and reads them again,
// which for an import is a good part of the work.
import type { Parameter } from '../connection/statement.ts'

/** The types that columns of an insert have. */
export type ColumnType = 'uuid' | 'text' | 'integer' | 'json' | 'jsonb' | 'timestamptz'

interface ElementFormat {
  /** The number of the type in every Postgres. */
  readonly oid: number
  /** How many bytes an element takes at most. */
  readonly room: (value: string) => number
  /** Writes an element and returns where it ends. */
  readonly write: (target: Buffer, value: string, at: number) => number
}

const FORMATS: { readonly [Type in ColumnType]: ElementFormat } = {
  uuid: { oid: 2950, room: () => 16, write: writeUuid },
  text: { oid: 25, room: roomForText, write: writeText },
  integer: { oid: 23, room: () => 4, write: (target, value, at) => target.writeInt32BE(Number(value), at) },
  json: { oid: 114, room: roomForText, write: writeText },
  // This JSON is its text behind a version.
  jsonb: {
    oid: 3802,
    room: (value) => 1 + roomForText(value),
    write: (target, value, at) => writeText(target, value, target.writeUInt8(1, at)),
  },
  timestamptz: { oid: 1184, room: () => 8, write: writeInstant },
}

const NULL_LENGTH = -1

/** An array of one dimension; its elements are given as they would travel alone. */
export function arrayParameter(type: ColumnType, values: readonly Parameter[]): Buffer {
  const { oid, room, write } = FORMATS[type]
  const most = values.reduce((sum, value) => sum + 4 + (value === null ? 0 : room(value)), 0)
  const target = Buffer.allocUnsafe(20 + most)
  let end = 0
  // Dimensions, whether there are nulls, type of the elements, their number, and the index of the first.
  for (const field of [1, 1, oid, values.length, 1]) end = target.writeInt32BE(field, end)
  let previous = { value: null as Parameter, start: 0, end: 0 }
  for (const value of values) {
    const start = end + 4
    if (value === null) end = start
    // What is the same in all records of an import, such as an instant, is written once.
    else if (value === previous.value) end = start + previous.end - previous.start
    else end = write(target, value, start)
    if (value !== null && value === previous.value) target.copyWithin(start, previous.start, previous.end)
    target.writeInt32BE(value === null ? NULL_LENGTH : end - start, start - 4)
    previous = { value, start, end }
  }
  return target.subarray(0, end)
}

const HYPHENS = [8, 13, 18, 23]

function writeUuid(target: Buffer, value: string, at: number): number {
  let end = at
  for (let index = 0; index < value.length; index += 2) {
    if (HYPHENS.includes(index)) index += 1
    target[end] = (hexDigit(value, index) << 4) | hexDigit(value, index + 1)
    end += 1
  }
  return end
}

/** The value of a digit in lower case. */
function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 97 ? code - 48 : code - 87
}

function roomForText(value: string): number {
  return value.length * 3
}

function writeText(target: Buffer, value: string, at: number): number {
  return at + target.write(value, at, 'utf8')
}

const EPOCH_OF_POSTGRES = BigInt(Date.UTC(2000, 0, 1))

function writeInstant(target: Buffer, value: string, at: number): number {
  const microseconds = (BigInt(Date.parse(value)) - EPOCH_OF_POSTGRES) * 1000n
  return target.writeBigInt64BE(microseconds, at)
}
