import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { UserEngineError } from '@user-engine/store-protocol'
import { type Connection, openConnection } from './connection.ts'
import { BESIDE_SCHEMA, DOMAIN_SCHEMA, OWN_SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** Locks between the two files are held for a statement or two, never while somebody thinks. */
const BESIDE_BUSY_MS = 2_000

/** The two files of a store and the connections to them. */
export interface Database {
  /** Writes the domain; only whoever has the writer's turn uses it. Sees the other file, read-only, as `beside`. */
  readonly writer: Connection
  /** Writes denials and deliveries, in steps that never wait. Sees the domain, read-only, as `domain`. */
  readonly beside: Connection
  /** A connection of its own for a read of one moment. */
  openReader(): Connection
  /** Whether the files are where they were. @throws UserEngineError `UNAVAILABLE`. */
  assertReachable(): void
  close(): void
}

/**
 * Opens the files, and makes them where they are missing.
 * @throws UserEngineError `SCHEMA_MISMATCH` for a file of another version; `UNAVAILABLE`.
 */
export function openDatabase(file: string): Database {
  const besideFile = `${file}-beside`
  const beside = prepare(besideFile, BESIDE_SCHEMA, BESIDE_BUSY_MS)
  // The writer never waits here: it would stop the process that may hold the lock. See writer-turn.ts.
  const writer = prepare(file, DOMAIN_SCHEMA, 0)
  attach(beside, file, 'domain')
  attach(writer, besideFile, 'beside')
  writer.exec(OWN_SCHEMA)
  const inode = statSync(file).ino
  return {
    writer,
    beside,
    openReader() {
      const reader = openConnection(file, { readOnly: true, busyMs: BESIDE_BUSY_MS })
      attach(reader, besideFile, 'beside')
      reader.exec(OWN_SCHEMA)
      return reader
    },
    assertReachable() {
      const found = statSync(file, { throwIfNoEntry: false })
      if (found?.ino !== inode) throw new UserEngineError('UNAVAILABLE', { reason: 'unreachable' })
      writer.get('SELECT 1 FROM main.users LIMIT 1')
      beside.get('SELECT 1 FROM main.counters')
    },
    close() {
      writer.close()
      beside.close()
    },
  }
}

function prepare(file: string, schema: string, busyMs: number): Connection {
  // Two processes may be the first at once; whoever comes second waits and finds the tables.
  const first = openConnection(file, { readOnly: false, busyMs: BESIDE_BUSY_MS })
  first.exec('PRAGMA journal_mode = WAL')
  first.exec('BEGIN IMMEDIATE')
  const version = first.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  if (version === 0) first.exec(schema)
  first.exec('COMMIT')
  if (version !== 0 && version !== SCHEMA_VERSION) {
    first.close()
    const [expected, found] = [String(SCHEMA_VERSION), String(version)]
    throw new UserEngineError('SCHEMA_MISMATCH', { state: 'ahead', expected, found })
  }
  first.exec(`PRAGMA busy_timeout = ${busyMs}`)
  return first
}

// Read-only, so that taking the writer's lock on one file never takes it on the other.
function attach(connection: Connection, file: string, name: string): void {
  connection.run(`ATTACH :url AS ${name}`, { url: `${pathToFileURL(file).href}?mode=ro` })
}
