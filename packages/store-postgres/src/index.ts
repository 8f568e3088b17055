export {
  type CapabilityDescription,
  type ConnectionLease,
  LEASE_ROLES,
  type LeaseRole,
  type LeaseTls,
  type PostgresCapability,
} from '@user-engine/store-protocol'
export {
  createPostgresStore,
  type PostgresStore,
  type PostgresStoreOptions,
} from './create-postgres-store.ts'
export { examineCapability } from './doctor/examine-capability.ts'
export { verifySchema } from './doctor/verify-schema.ts'
export { type MigrateOptions, type MigrationReport, migrate, migrationStatus } from './migrations/migrate.ts'
export { type TendOptions, type TendReport, tendOutboxLog } from './outbox-partitions/tend-outbox-log.ts'
