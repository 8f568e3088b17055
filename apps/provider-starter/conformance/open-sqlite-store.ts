import { join } from 'node:path'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { createSqliteStore } from '../src/sqlite-store/sqlite-store.ts'

/** Opens the store of a folder in another process, for the cases about several of them. */
// biome-ignore lint/style/noDefaultExport: the kit takes the default export of a module.
export default async function openSqliteStore(folder: unknown): Promise<UserEngineStore> {
  return createSqliteStore({ file: join(String(folder), 'store.db') })
}
