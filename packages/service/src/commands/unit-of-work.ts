import type {
  AuditRecord,
  ReadOptions,
  Scope,
  StoreReader,
  StoreTransaction,
  TransactOptions,
  UserEngineStore,
} from '@user-engine/store-protocol'
import type { OuterRequest } from './command-context.ts'

/** Where commands run: on a store, or within one open transaction of it. */
export interface UnitOfWork {
  /** The request whose transaction this is; `null` on the store itself. */
  readonly outer: OuterRequest | null
  read<Result>(
    scope: Scope,
    work: (reader: StoreReader) => Result | Promise<Result>,
    options?: ReadOptions,
  ): Promise<Result>
  transact<Result>(
    scope: Scope,
    work: (tx: StoreTransaction) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Result>
  /** Always outside of every open transaction [AUD-03]. */
  recordDenial(scope: Scope, record: AuditRecord): Promise<void>
}

/** Every command is a transaction of the store. */
export function createStoreUnit(store: UserEngineStore): UnitOfWork {
  return {
    outer: null,
    read: (scope, work, options) => store.read(scope, work, options),
    transact: (scope, work, options) => store.transact(scope, work, options),
    recordDenial: (scope, record) => store.recordDenial(scope, record),
  }
}

/**
 * Every command is a nested transaction of an open one [TXN-05]. Queries too: a query that is refused, for a bad
 * cursor say, must not abort the transaction around it.
 */
export function createNestedUnit(
  store: UserEngineStore,
  tx: StoreTransaction,
  outer: OuterRequest,
): UnitOfWork {
  return {
    outer,
    read: (_scope, work) => tx.transact(work),
    transact: (_scope, work) => tx.transact(work),
    recordDenial: (scope, record) => store.recordDenial(scope, record),
  }
}
