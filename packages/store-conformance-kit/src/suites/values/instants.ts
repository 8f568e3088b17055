import type { ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'

export const INSTANT_CASES: readonly ConformanceCase[] = [
  {
    id: 'VAL-04.instants-are-kept',
    rules: ['VAL-04'],
    title: 'instants keep their milliseconds from year 1 to 9999, whatever the time zone of the process',
    async run({ open, check, make }) {
      const instants = [
        ...[
          '0001-01-01T00:00:00.000Z',
          '0001-01-01T00:00:00.001Z',
          '0099-12-31T23:59:59.999Z',
          '1582-10-10T12:00:00.500Z',
        ],
        ...[
          '1883-11-18T17:00:00.120Z',
          '1969-12-31T23:59:59.999Z',
          '1970-01-01T00:00:00.000Z',
          '2024-02-29T01:30:00.007Z',
        ],
        ...[
          '2026-03-29T01:30:00.000Z',
          '2026-10-25T00:30:00.100Z',
          '2038-01-19T03:14:08.010Z',
          '9999-12-31T23:59:59.999Z',
        ],
      ]
      const before = process.env['TZ']
      try {
        for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/St_Johns']) {
          process.env['TZ'] = zone
          const store = await open()
          for (const instant of instants) {
            const user = make.user({ createdAt: instant, updatedAt: instant })
            const { account, tenantAccount } = await make.addMember(store, ACME.tenantId)
            const membership = make.membership(tenantAccount, { validFrom: instant, validUntil: instant })
            const catalog = make.catalog(null, { createdAt: instant, updatedAt: instant })
            const audit = make.audit(ACME.tenantId, { occurredAt: instant })
            await store.transact(PLATFORM, async (tx) => {
              await tx.users.insert(user)
              await tx.catalogs.insert(catalog)
            })
            await store.transact(ACME, async (tx) => {
              await tx.memberships.insert(membership)
              await tx.audit.append(audit)
            })
            const what = `${instant} in ${zone}`
            check.equal(
              await store.read(PLATFORM, (reader) => reader.users.get(user.id)),
              user,
              `${what}: a user`,
            )
            check.equal(
              await store.read(ACME, (reader) => reader.catalogs.get(catalog.id)),
              catalog,
              `${what}: a catalog`,
            )
            check.equal(
              await store.read(ACME, (reader) => reader.memberships.get(membership.id)),
              membership,
              `${what}: a membership`,
            )
            check.equal(
              await store.read(ACME, (reader) => reader.audit.get(audit.id)),
              audit,
              `${what}: an audit record`,
            )
            check.ok(account.createdAt !== instant, 'other instants are their own')
          }
          await store.close()
        }
      } finally {
        if (before === undefined) delete process.env['TZ']
        else process.env['TZ'] = before
      }
    },
  },
]
