// Migrates in a process of its own: says that it is ready, waits for what to do, and says what it did.

import { capabilityOf, type HandOver } from '../conformance/handed-over.ts'
import { applyMigrations } from '../migrations/migrate.ts'
import { loadMigrations, type Migration } from '../migrations/migration-files.ts'

export interface MigrationTask {
  readonly handOver: HandOver
  /** What to apply; default: the migrations of the package. */
  readonly known?: readonly Migration[]
}

process.once('message', (task: MigrationTask) => {
  const capability = capabilityOf(task.handOver)
  applyMigrations({ capability }, task.known ?? loadMigrations()).then(
    ({ applied }) => process.send?.(applied, () => process.exit(0)),
    (error: unknown) => process.send?.(String(error), () => process.exit(1)),
  )
})
process.send?.('ready')
