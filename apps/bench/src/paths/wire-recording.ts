// What the store really sends, taken from the driver as it is written to the wire: so that pgbench and plain `pg`
// execute the same SQL, now and after every change of the store.
import pg from 'pg'

export interface RecordedCall {
  readonly text: string
  readonly values: readonly (string | null)[]
}

interface WirePrototype {
  parse(query: { readonly name: string; readonly text: string }, more: boolean): void
  bind(
    config: { readonly statement: string; readonly values: readonly (string | null)[] },
    more: boolean,
  ): void
}

const texts = new Map<string, string>()
let recorded: RecordedCall[] | null = null

const wire = pg.Connection.prototype as unknown as WirePrototype
const { parse, bind } = wire

/** Must be called before the first connection is opened, and undone before anything is measured. */
export function startRecorder(): { stop(): void } {
  wire.parse = function (query, more) {
    texts.set(query.name, query.text)
    parse.call(this, query, more)
  }
  wire.bind = function (config, more) {
    recorded?.push({ text: texts.get(config.statement) ?? '', values: config.values.slice() })
    bind.call(this, config, more)
  }
  return {
    stop() {
      wire.parse = parse
      wire.bind = bind
    },
  }
}

/** The statements that `work` sends, in order. Nothing else may use the driver meanwhile. */
export async function recordCalls(work: () => Promise<unknown>): Promise<readonly RecordedCall[]> {
  const calls: RecordedCall[] = []
  recorded = calls
  try {
    await work()
  } finally {
    recorded = null
  }
  return calls
}
