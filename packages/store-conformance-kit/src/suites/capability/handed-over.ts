import {
  acceptCapability,
  isUserEngineError,
  LEASE_ROLES,
  readDescription,
  readLease,
} from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { leasesOf } from './steps.ts'

const SECRET_NAMES = /"[^"]*(?:password|passwd|secret|token|credential)[^"]*":/i
const SECRET_VALUES = /:\/\/[^/@\s"]*:[^/@\s"]*@|-----BEGIN [A-Z ]*PRIVATE KEY-----/

export const HANDED_OVER_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-01.plain-data-and-functions',
    rules: ['CAP-01'],
    title:
      'the capability, its description and its leases are plain data and functions, without a driver object anywhere',
    async run({ check, capability }) {
      await accepts(check, 'the capability', async () => acceptCapability(capability))
      await accepts(check, 'the description', () => readDescription(capability))
      for (const role of LEASE_ROLES)
        await accepts(check, `the ${role} lease`, () => readLease(capability, role))
    },
  },
  {
    id: 'CAP-01.leases-fit-the-description',
    rules: ['CAP-01'],
    title: 'the leases lead to the database of the description, and each has an id of its own',
    async run(context) {
      const { check, describe } = context
      const { database } = await describe()
      const leases = await leasesOf(context)
      for (const [role, lease] of leases)
        check.equal(lease.database, database, `the database of the ${role} lease`)
      check.equal(new Set(leases.map(([, { leaseId }]) => leaseId)).size, leases.length, 'ids of leases')
    },
  },
  {
    id: 'CAP-01.nothing-secret-in-the-description',
    rules: ['CAP-01', 'DIA-02'],
    title: 'the description holds no password, no login in an address and no private key',
    async run(context) {
      const { check, capability } = context
      const description = JSON.stringify(await capability.describe())
      check.ok(!SECRET_NAMES.test(description), 'no field of the description is named like a secret')
      check.ok(!SECRET_VALUES.test(description), 'no value of the description looks like a secret')
      for (const [role, { password }] of await leasesOf(context)) {
        const secret = typeof password === 'string' ? password : await password()
        check.ok(!description.includes(secret), `the password of the ${role} lease is not in the description`)
      }
    },
  },
  {
    id: 'CAP-01.description-does-not-change',
    rules: ['CAP-01'],
    title: 'the description is the same every time, but for the epoch',
    async run({ check, describe }) {
      const [first, ...later] = [await describe(), await describe(), await describe()]
      for (const one of later) check.equal({ ...one, epoch: '' }, { ...first, epoch: '' }, 'the description')
    },
  },
]

// Only what is wrong is shown, and where: never a value.
async function accepts(
  check: CapabilityContext['check'],
  what: string,
  take: () => Promise<unknown>,
): Promise<void> {
  const issues = await take().then(
    () => [],
    (error: unknown) => {
      if (isUserEngineError(error, 'VALIDATION')) return error.data.issues
      throw error
    },
  )
  check.equal(issues, [], `what is wrong with ${what}`)
}
