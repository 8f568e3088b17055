import type { TenantId } from '@user-engine/store-protocol'
import type { Overlay } from './overlay.ts'
import type { PlatformPartition, TenantPartition } from './partition.ts'
import type { Sight } from './sight.ts'

/** What the roles of a handle work with. */
export interface Session {
  /** The tenant of the scope; `null` in a platform scope. */
  readonly tenantId: TenantId | null
  readonly platform: PlatformPartition
  /** The partition of the scope's tenant; `null` in a platform scope. */
  readonly tenant: TenantPartition | null
  readonly sight: Sight
  /** Runs one read, or refuses it as the state of the handle demands [TXN-08]. */
  answer<Result>(read: () => Result): Promise<Result>
  /**
   * Runs one write on what the transaction has written, or refuses it as the state of the handle demands. One that fails
   * aborts the transaction [TXN-03].
   */
  perform(write: (overlay: Overlay) => void): Promise<void>
}
