import { attachLocalProvider, type LocalDatabase, type LocalProvider } from '@user-engine/provider-local'
import { inject } from 'vitest'
import { migrate } from '../migrations/migrate.ts'

let count = 0

/** A migrated database of a test file's own; default: on the server that all test files share. */
export async function createTestDatabase(
  given?: LocalProvider,
): Promise<LocalDatabase & { drop(): Promise<void> }> {
  const provider = given ?? (await attachLocalProvider(inject('postgresServer')))
  count += 1
  const name = `ue_test_${process.pid}_${count}`
  const database = await provider.provisionDatabase({ name })
  await migrate({ capability: database.capability })
  return Object.assign(database, { drop: () => provider.dropDatabase(name) })
}
