import type { ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'

/** Names of methods that an append-only log has no use for. */
const CHANGING = /update|delete|remove|replace|set|truncate|clear|purge|prune/i

export const APPEND_ONLY_CASES: readonly ConformanceCase[] = [
  {
    id: 'AUD-01.no-method-changes-a-record',
    rules: ['AUD-01'],
    title:
      'the audit role appends and reads, and a record that is appended twice is refused and stays as it was',
    async run({ open, check, make }) {
      const store = await open()
      for (const scope of [ACME, PLATFORM]) {
        const tenantId = 'tenantId' in scope ? scope.tenantId : null
        const record = make.audit(tenantId)
        await store.transact(scope, async (tx) => {
          const offered: string[] = []
          for (let level: object | null = tx.audit; level !== null && level !== Object.prototype; ) {
            offered.push(...Object.getOwnPropertyNames(level).filter((name) => CHANGING.test(name)))
            level = Object.getPrototypeOf(level)
          }
          check.equal(offered, [], 'methods that change or delete')
          await tx.audit.append(record)
        })
        const forged = { ...record, outcome: 'denied', reason: 'forged' } as const
        await check.rejects(
          store.transact(scope, (tx) => tx.audit.append(forged)),
          'DUPLICATE_KEY',
          'a second record with the id',
        )
        await check.rejects(
          store.recordDenial(scope, forged),
          ['DUPLICATE_KEY', 'DENIAL_NOT_RECORDED'],
          'a denial with the id',
        )
        const { found, items } = await store.read(scope, async (reader) => ({
          found: await reader.audit.get(record.id),
          items: (await reader.audit.list()).items,
        }))
        check.equal(found, record, 'the record')
        check.equal(items, [record], 'the records')
      }
    },
  },
  {
    id: 'AUD-01.engine-refuses-changes',
    rules: ['AUD-01'],
    title: 'the engine refuses to change or delete an audit record, past the store as well',
    notFor: ({ audit }) => (audit.appendOnly === 'store' ? 'audit.appendOnly is store' : null),
    needs: ['engineAudit'],
    async run({ engineAudit, namespace, open, check, make }) {
      const store = await open()
      for (const scope of [ACME, PLATFORM]) {
        const record = make.audit('tenantId' in scope ? scope.tenantId : null)
        await store.transact(scope, (tx) => tx.audit.append(record))
        check.equal(await engineAudit.tryUpdate(namespace, record.id), 'refused', 'an update')
        check.equal(await engineAudit.tryDelete(namespace, record.id), 'refused', 'a delete')
        const found = await store.read(scope, (reader) => reader.audit.get(record.id))
        check.equal(found, record, 'the record afterwards')
      }
    },
  },
]
