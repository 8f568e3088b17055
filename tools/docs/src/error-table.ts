import { readFileSync } from 'node:fs'

interface RecordedError {
  readonly what: string
  readonly at: string
  readonly via: string
  readonly shape: Shape
  readonly becomes: { readonly code: string; readonly data?: Record<string, unknown> }
}

interface Shape {
  readonly type: string
  readonly code?: string
  readonly severity?: string
  readonly constraint?: string
  readonly cause?: Shape
}

const RECORD = new URL(
  '../../../packages/store-postgres/src/connection/recorded-errors.json',
  import.meta.url,
)

/** What each recorded situation looks like when it arrives, and what the store makes of it. */
export function renderErrorTable(): string {
  const records = JSON.parse(readFileSync(RECORD, 'utf8')) as readonly RecordedError[]
  const situations = Map.groupBy(records, ({ what, at }) => `${at}: ${what}`)
  const rows = [...situations.values()].map((same) => {
    const [{ what, at, becomes } = missing()] = same
    const seen = [...new Set(same.map(({ shape }) => describe(shape)))].join('; ')
    const sent = same.map(({ via }) => via).join(', ')
    return `| ${what} | ${at} | ${sent} | ${seen} | ${outcome(becomes)} |`
  })
  return [
    '| what happened | when | sent as | what arrived | what the store throws |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function missing(): never {
  throw new Error('a situation without a record')
}

function describe({ type, code, severity, constraint, cause }: Shape): string {
  if (cause !== undefined) return describe(cause)
  const name =
    severity === undefined ? `${type}${code === undefined ? '' : ` ${code}`}` : `${severity} ${code}`
  return `\`${name}\`${constraint === undefined ? '' : ` on \`${constraint}\``}`
}

// Ids are those of the test: which id it is, the row says already.
function outcome({ code, data }: RecordedError['becomes']): string {
  const words = Object.entries(data ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' && !/^[0-9a-f]{8}-/.test(value) ? [`${name} ${value}`] : [],
  )
  return `\`${code}\`${words.length === 0 ? '' : ` (${words.join(', ')})`}`
}
