import { type ConformanceCase, onlyDurable } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { checkReadinessShape } from './readiness-shape.ts'

export const READINESS_CASES: readonly ConformanceCase[] = [
  {
    id: 'MIG-01.readiness-gives-reasons',
    rules: ['MIG-01'],
    title:
      'a store that is fit says so, check by check, each with a code, a summary and, unless it passed, a remedy',
    async run({ open, check, make, capabilities }) {
      const store = await open()
      await make.addMember(store, ACME.tenantId)
      const readiness = await store.readiness()
      check.equal(readiness.status, 'ready', 'the status')
      checkReadinessShape(check, readiness)
      const covers = (part: string) => readiness.checks.some(({ code }) => code.includes(part))
      check.ok(covers('reachable'), 'it says whether the backend is reachable')
      check.ok(covers('outbox'), 'it says how the outbox stands')
      if (capabilities.schema.migrated) check.ok(covers('schema'), 'it says how the schema stands')
      if (capabilities.tenancy.enforcement === 'engine-and-store')
        check.ok(covers('tenancy'), 'it says whether the boundary is enforced')
      const version = await store.schemaVersion()
      check.equal([version.state, version.found], ['current', version.expected], 'the schema version')
    },
  },
  {
    id: 'MIG-01.dead-letters-degrade',
    rules: ['MIG-01', 'OBX-09'],
    title: 'dead letters make a store degraded, with a remedy, and not unready',
    async run({ open, check, make }) {
      const store = await open()
      const event = make.event(null)
      await store.transact(PLATFORM, (tx) => tx.outbox.append(event))
      const { token } = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 10_000 })
      await store.outbox.deadLetter({ token, eventIds: [event.id], reason: 'never' })
      const readiness = await store.readiness()
      check.equal(readiness.status, 'degraded', 'the status')
      checkReadinessShape(check, readiness)
    },
  },
  {
    id: 'MIG-01.unreachable-is-not-ready',
    rules: ['MIG-01', 'LIF-02'],
    title: 'readiness of a store whose backend is down is not-ready with a reason, and never an exception',
    notFor: onlyDurable,
    needs: ['backend'],
    async run({ backend, open, check }) {
      const store = await open()
      check.equal((await store.readiness()).status, 'ready', 'the status before')
      await backend.kill()
      try {
        const readiness = store.readiness()
        const settled = await check.settlesWithin(readiness, 15_000, 'readiness while the backend is down')
        check.equal(settled.status, 'fulfilled', 'it does not throw')
        check.equal((await readiness).status, 'not-ready', 'the status meanwhile')
        checkReadinessShape(check, await readiness)
      } finally {
        await backend.start()
      }
      await check.eventually(
        async () => ((await store.readiness()).status === 'ready' ? true : undefined),
        'the store is ready again without being reopened',
      )
    },
  },
]
