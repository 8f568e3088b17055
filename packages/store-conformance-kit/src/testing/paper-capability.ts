// What a provider hands over, on paper: the data is as it should be, and nothing listens at its address.
import type { CapabilityDescription, ConnectionLease, LeaseRole } from '@user-engine/store-protocol'
import { type CapabilityHarness, defineCapabilityHarness } from '../capability/harness.ts'
import { manifestOf } from '../capability/manifest.ts'

export const PAPER_DESCRIPTION: CapabilityDescription = {
  provider: { name: 'paper', version: '1' },
  ...{ database: 'users', schema: 'user_engine', epoch: 'e1' },
  roles: { owner: 'o', runtime: 'r', relay: 'l' },
  pooler: { mode: 'none', preparedStatements: true },
  maxConnections: { runtime: 2, relay: 1 },
}

export function paperLease(role: LeaseRole): ConnectionLease {
  return {
    ...{ leaseId: `${role}-1`, host: '127.0.0.1', port: 5432, database: 'users', user: role },
    ...{ password: 'canary-password', tls: { mode: 'disable' }, expiresAt: null, drainMs: 1_000 },
  }
}

export const PAPER_MANIFEST = manifestOf(PAPER_DESCRIPTION, [paperLease('runtime')])

/** A harness over it, with what a test wants to be different. */
export function createPaperHarness(changes: Partial<CapabilityHarness> = {}): CapabilityHarness {
  const refused = Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' })
  return defineCapabilityHarness({
    name: 'paper',
    capability: { describe: async () => PAPER_DESCRIPTION, lease: async (role) => paperLease(role) },
    connect: () => Promise.reject(refused),
    ...changes,
  })
}
