export type { AdminConnection, BackendFaults, BackendKind } from './backends/backend.ts'
export { canReach, type ServerAccount, serverAccount } from './backends/embedded/server-account.ts'
export type {
  CapabilityDescription,
  ConnectionLease,
  LeaseRole,
  LeaseTls,
  PostgresCapability,
} from './capability.ts'
export { createLocalProvider, type LocalProviderOptions, type Major } from './create-local-provider.ts'
export type { LocalDatabase, QueryRows } from './local-database.ts'
export {
  attachLocalProvider,
  type LocalProvider,
  type ProvisionOptions,
  type ServerHandle,
} from './local-provider.ts'
export { findMissingPooler, type LocalPooler, startLocalPooler } from './pooler/local-pooler.ts'
export type { PoolerOptions, PoolMode } from './pooler/pooler-settings.ts'
export { ProviderError, type ProviderErrorCode } from './provider-error.ts'
export type { BaseBackup, Recovery, RestoreTarget, Standby, StandbyOptions } from './recovery.ts'
