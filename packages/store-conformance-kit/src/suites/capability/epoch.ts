import { LEASE_ROLES } from '@user-engine/store-protocol'
import type { CapabilityCase } from '../../capability/capability-case.ts'
import { refusalOf } from './steps.ts'

export const EPOCH_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-06.epoch-is-stable',
    rules: ['CAP-06'],
    title: 'the epoch is stated, and the same as long as nothing was restored or promoted',
    async run({ check, describe, manifest, open }) {
      await open('runtime')
      for (let round = 0; round < 10; round++)
        check.equal((await describe()).epoch, manifest.database.epoch, 'the epoch')
    },
  },
]

/** It takes the database away for a while: for the end of a run. */
export const RESTORE_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-06.epoch-changes-with-a-restore',
    rules: ['CAP-06'],
    title: 'after a restore the epoch is another one, and the leases lead to the restored database',
    needs: ['restore'],
    timeoutMs: 120_000,
    async run({ check, describe, lease, connect, restore }) {
      const before = (await describe()).epoch
      await restore()
      const after = await describe()
      check.ok(after.epoch !== before, 'another epoch after the restore')
      for (const role of LEASE_ROLES)
        check.equal(
          await refusalOf(connect(await lease(role))),
          null,
          `what refuses the ${role} lease afterwards`,
        )
    },
  },
]
