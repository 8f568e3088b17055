// Prisma's own schema engine, as WebAssembly: what its command line would download, without the download.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindSqlAdapterFactory, ColumnTypeEnum, type SqlQueryable } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

// The compiler's libraries are without the browser's, where WebAssembly is declared.
declare const WebAssembly: {
  instantiate(
    code: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ readonly instance: { readonly exports: { readonly __wbindgen_start: () => void } } }>
}

let isLoaded = false

async function load(): Promise<void> {
  if (isLoaded) return
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/\.js$/, '.wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {
    './schema_engine_bg.js': bindings,
  })
  const { exports } = instance
  ;(bindings as unknown as { __wbg_set_wasm(wasm: unknown): void }).__wbg_set_wasm(exports)
  // Where the engine says why it gives up; without it a panic is silent.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        throw new Error(message)
      },
    },
  })
  exports.__wbindgen_start()
  isLoaded = true
}

/** The SQL that would turn the database into what the schema says, as Prisma sees both; empty when they agree. */
export async function prismaDrift(options: {
  readonly connectionString: string
  readonly schema: string
  readonly prismaSchema: string
}): Promise<string> {
  await load()
  const { connectionString, schema, prismaSchema } = options
  const pool = createReadingPool(connectionString)
  const factory = new PrismaPg(pool, { schema })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => readingConstraintTypes(await connect())
  const engine = await bindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', prismaSchema]] },
    () => {},
    bindSqlAdapterFactory(factory),
  )
  const files = [{ path: 'schema.prisma', content: prismaSchema }]
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return stdout ?? ''
  } finally {
    engine.free()
    await pool.end()
  }
}

// Prisma's own bridge to this adapter is not published: the two places in which they do not understand each other.
const INTERNAL_CHARACTER = 18
const TEXT = 25

/** The engine asks the catalog for columns of the internal type "char", which the adapter does not know: it gets text. */
function createReadingPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString })
  const query = pool.query.bind(pool) as (config: pg.QueryArrayConfig) => Promise<pg.QueryArrayResult>
  return Object.assign(pool, {
    async query(config: pg.QueryArrayConfig) {
      const result = await query(config)
      for (const field of result.fields) if (field.dataTypeID === INTERNAL_CHARACTER) field.dataTypeID = TEXT
      return result
    },
  })
}

/** The one column that the engine reads as a character after all. */
function readingConstraintTypes<Adapter extends SqlQueryable>(adapter: Adapter): Adapter {
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query)
    const columnTypes = result.columnTypes.map((type, index) =>
      result.columnNames[index] === 'constraint_type' ? ColumnTypeEnum.Character : type,
    )
    return { ...result, columnTypes }
  }
  return adapter
}
