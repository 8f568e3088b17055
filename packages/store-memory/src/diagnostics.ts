import { type Diagnostics, PROTOCOL_VERSION, type StoreCapabilities } from '@user-engine/store-protocol'
import type { ErrorLog } from './error-log.ts'
import type { Engine } from './memory-backend.ts'
import { SCHEMA_VERSION } from './readiness.ts'
import type { RunningUnits } from './running-units.ts'

/** What a picture of a store is taken from. */
export interface DiagnosticsSource {
  readonly engine: Engine
  readonly capabilities: StoreCapabilities
  readonly errors: ErrorLog
  readonly running: RunningUnits
}

/** A picture of a store: counts and codes only [DIA-01, DIA-02]. */
export function describeStore({ engine, capabilities, errors, running }: DiagnosticsSource): Diagnostics {
  const { platform, queue, journal } = engine
  return {
    protocolVersion: PROTOCOL_VERSION,
    store: capabilities.store,
    schema: SCHEMA_VERSION,
    pool: null,
    outbox: queue.stats(),
    errors: errors.counts(),
    facts: {
      durable: capabilities.durability.durable,
      runningUnits: running.size,
      openSnapshots: journal.openSnapshots,
      commits: engine.commits,
      tenants: engine.tenantCount,
      users: platform.users.size,
      accounts: platform.accounts.size,
      tenantAccounts: platform.presences.size,
      externalIdentities: platform.externalIdentities.size,
    },
  }
}
