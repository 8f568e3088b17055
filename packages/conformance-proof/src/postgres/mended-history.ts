import { type ConformanceHarness, override } from '@user-engine/store-conformance-kit'
import type { PostgresHarness } from '@user-engine/store-postgres/conformance'
import { isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { changeOpened } from './engine-harness.ts'

const KEEP = `
  CREATE SCHEMA kept;
  CREATE TABLE kept.ledger AS TABLE user_engine._prisma_migrations;
  CREATE TABLE kept.compatibility AS TABLE user_engine.schema_compatibility`

const MEND = `
  DROP TABLE IF EXISTS user_engine._prisma_migrations;
  CREATE TABLE user_engine._prisma_migrations AS TABLE kept.ledger;
  GRANT SELECT ON user_engine._prisma_migrations TO PUBLIC;
  UPDATE user_engine.schema_compatibility SET oldest_known_migration = (SELECT oldest_known_migration FROM kept.compatibility)`

/** A store that keeps a copy of the history it was made with, and puts it back whenever the schema has another one. */
export function mendHistories(harness: PostgresHarness): ConformanceHarness {
  const kept = new Set<string>()
  const changed = changeOpened(harness, (store, namespace) => {
    if (!kept.has(namespace)) return store
    return mending(store, () => harness.databaseOf(namespace).query(MEND))
  })
  return {
    ...changed,
    async freshNamespace() {
      const namespace = await harness.freshNamespace()
      await harness.databaseOf(namespace).query(KEEP)
      kept.add(namespace)
      return namespace
    },
  }
}

function mending(store: UserEngineStore, mend: () => Promise<unknown>): UserEngineStore {
  const mended = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call()
    } catch (error) {
      if (!isUserEngineError(error, 'SCHEMA_MISMATCH')) throw error
      await mend()
      return await call()
    }
  }
  return override(store, {
    read: (...call) => mended(() => store.read(...call)),
    transact: (...call) => mended(() => store.transact(...call)),
  })
}
