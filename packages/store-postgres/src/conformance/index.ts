export {
  createPostgresHarness,
  type HarnessDatabase,
  type PostgresHarness,
  type PostgresHarnessOptions,
} from './postgres-harness.ts'
