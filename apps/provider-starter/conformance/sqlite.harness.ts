import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { defineHarness } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import { createSqliteStore } from '../src/sqlite-store/sqlite-store.ts'

const AUDIT_LOGS = [
  ['store.db', 'audit_records'],
  ['store.db-beside', 'denials'],
] as const

/** A namespace is a folder with the files of one store. */
// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module.
export default defineHarness({
  name: 'sqlite-store',
  freshNamespace: () => mkdtemp(join(tmpdir(), 'sqlite-store-')),
  destroyNamespace: (folder) => rm(folder, { recursive: true, force: true }),
  open: async (folder, options) => createSqliteStore({ file: join(folder, 'store.db'), ...options }),
  reference: async () => createMemoryStore(),
  backendVersion: async () => `SQLite ${process.versions.sqlite}`,
  engineAudit: {
    tryUpdate: async (folder, id) =>
      tryChange(folder, `UPDATE :log SET outcome = 'denied' WHERE id = '${id}'`),
    tryDelete: async (folder, id) => tryChange(folder, `DELETE FROM :log WHERE id = '${id}'`),
  },
})

// Past the store, on the bare files: whoever opens a file may do everything that the engine lets anybody do.
function tryChange(folder: string, sql: string): 'refused' | 'changed' {
  for (const [file, log] of AUDIT_LOGS) {
    const database = new DatabaseSync(join(folder, file))
    try {
      database.exec(sql.replace(':log', log))
    } catch (error) {
      if (String(error).includes('append-only')) return 'refused'
      throw error
    } finally {
      database.close()
    }
  }
  return 'changed'
}
