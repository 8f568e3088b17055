// What the store really sends, taken from the driver as it is written to the wire: so that pgbench and plain `pg`
// execute the same SQL, now and after every change of the store.
import pg from 'pg'

export interface RecordedCall {
  readonly text: string
  readonly values: readonly (string | null)[]
}

interface WirePrototype {
  query(text: string): void
  parse(query: { readonly name: string; readonly text: string }, more: boolean): void
  bind(
    config: { readonly statement: string; readonly values: readonly (string | null)[] },
    more: boolean,
  ): void
}

const texts = new Map<string, string>()
let recorded: RecordedCall[] | null = null

const wire = pg.Connection.prototype as unknown as WirePrototype
const { query, parse, bind } = wire
const settings = new Map<string, string>()

/** What is recorded besides the statements: the settings that the store gives each of its sessions. */
export interface Recorder {
  readonly settings: ReadonlyMap<string, string>
  stop(): void
}

/** Must be called before the first connection is opened, and undone before anything is measured. */
export function startRecorder(): Recorder {
  wire.query = function (text) {
    for (const [, name = '', value = ''] of text.matchAll(/set_config\('([^']+)', '([^']*)', false\)/g))
      settings.set(name, value)
    query.call(this, text)
  }
  wire.parse = function (query, more) {
    texts.set(query.name, query.text)
    parse.call(this, query, more)
  }
  wire.bind = function (config, more) {
    recorded?.push({ text: texts.get(config.statement) ?? '', values: config.values.slice() })
    bind.call(this, config, more)
  }
  return {
    settings,
    stop() {
      wire.query = query
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
