import { readFileSync } from 'node:fs'
import { BatchError } from '../connection/batch.ts'

/** What of an error decides how it is translated. Messages are left out: they may hold values and are never read. */
export interface ErrorShape {
  /** The name of its class. */
  readonly type: string
  readonly code?: string
  readonly severity?: string
  readonly constraint?: string
  /** Of this schema's own refusals only. */
  readonly detail?: string
  readonly syscall?: string
  readonly cause?: ErrorShape
}

export interface ErrorRecord {
  readonly what: string
  readonly at: 'statement' | 'commit' | 'connect'
  /** How it was sent: as a query of the driver, in a batch, through Prisma; or by connecting. */
  readonly via: 'query' | 'batch' | 'prisma' | 'connect'
  readonly shape: ErrorShape
  readonly becomes: { readonly code: string; readonly data?: Record<string, unknown> }
}

export const RECORD_FILE = new URL('../connection/recorded-errors.json', import.meta.url)

export function readRecords(): readonly ErrorRecord[] {
  return JSON.parse(readFileSync(RECORD_FILE, 'utf8')) as readonly ErrorRecord[]
}

const FIELDS = ['code', 'severity', 'constraint', 'syscall'] as const

export function shapeOf(thrown: unknown): ErrorShape {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const fields = thrown as Partial<Record<(typeof FIELDS)[number] | 'detail', unknown>>
  const isOwnRefusal = typeof fields.code === 'string' && fields.code.startsWith('UE')
  return {
    type: thrown.constructor.name,
    ...Object.fromEntries(
      FIELDS.flatMap((field) => (typeof fields[field] === 'string' ? [[field, fields[field]]] : [])),
    ),
    ...(isOwnRefusal && typeof fields.detail === 'string' ? { detail: fields.detail } : {}),
    ...(thrown.cause === undefined ? {} : { cause: shapeOf(thrown.cause) }),
  }
}

/** An error of a recorded shape. */
export function revive({ type, cause, ...fields }: ErrorShape): Error {
  if (type === 'BatchError' && cause !== undefined)
    return new BatchError(revive(cause), { index: 0, results: [], sent: true })
  return Object.assign(
    new Error('canary-message', cause === undefined ? {} : { cause: revive(cause) }),
    fields,
  )
}
