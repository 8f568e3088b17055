import { PROTOCOL_VERSION } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../../case.ts'
import { findManifestIssues, findUnfrozen } from '../../manifest.ts'
import { ACME } from '../../records.ts'

export const MANIFEST_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-04.manifest-does-not-change',
    rules: ['SHP-04'],
    title:
      'the manifest is complete, deeply frozen, equal on every instance, and the same after work and close',
    async run({ open, check, make, capabilities }) {
      const [store, twin] = [await open(), await open({ maxConnections: 1 })]
      const before = structuredClone(store.capabilities)
      check.equal(store.protocolVersion, PROTOCOL_VERSION, 'the protocol version')
      check.equal(findManifestIssues(store.capabilities), [], 'what is missing in the manifest')
      check.equal(findUnfrozen(store.capabilities), null, 'what in the manifest can be changed')
      check.equal(store.capabilities, capabilities, 'the manifest on another namespace')
      check.equal(twin.capabilities, before, 'the manifest of an instance with other options')
      await make.addMember(store, ACME.tenantId)
      await store.close()
      check.equal(store.capabilities, before, 'the manifest after work and close')
    },
  },
]
