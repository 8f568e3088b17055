export type { HandOver } from './handed-over.ts'
export { openLeaseSession } from './lease-session.ts'
export {
  createPostgresHarness,
  type HarnessDatabase,
  type PostgresHarness,
  type PostgresHarnessOptions,
} from './postgres-harness.ts'
export { default as openHandedOver, migrate as migrateHandedOver } from './store-process.ts'
