import type { ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { keyOf } from '../every-kind.ts'

export const RECORD_CASES: readonly ConformanceCase[] = [
  {
    id: 'VAL-02.records-are-refused',
    rules: ['VAL-02'],
    title:
      'over-long texts, malformed ids and instants, unknown fields and words are VALIDATION with their path',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      const bad: readonly (readonly [string, object])[] = [
        ['id', { id: 'no id' }],
        ['id', { id: make.id().toUpperCase() }],
        ['kind', { kind: 'robot' }],
        ['displayName', { displayName: '' }],
        ['displayName', { displayName: 'x'.repeat(257) }],
        ['displayName', { displayName: 'nul\u0000' }],
        ['displayName', { displayName: 'lone \ud800' }],
        ['displayName', { displayName: undefined }],
        ['status', { status: 'Active' }],
        ['createdAt', { createdAt: '2026-01-01' }],
        ['updatedAt', { updatedAt: '2026-02-30T00:00:00.000Z' }],
        ['updatedAt', { updatedAt: new Date(0) }],
        ['', { password: 'canary-value' }],
      ]
      for (const [path, change] of bad) {
        const record = { ...user, ...change }
        const what = `a user with ${path === '' ? 'an unknown field' : path} ${JSON.stringify(Object.values(change)[0])?.slice(0, 24)}`
        const error = await check.rejects(
          store.transact(PLATFORM, (tx) => tx.users.insert(record)),
          'VALIDATION',
          what,
        )
        check.equal(
          error.data.issues.map((issue) => issue.path),
          [path],
          `the path for ${what}`,
        )
        check.ok(!JSON.stringify(error).includes('canary-value'), 'no value in the error')
      }
      const change = { id: user.id, expectedVersion: 1, set: { unknown: 1 }, updatedAt: make.instant() }
      await check.rejects(
        store.transact(PLATFORM, (tx) => tx.users.update(change as never)),
        'VALIDATION',
        'an unknown field in a change',
      )
      const { user: users } = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(users, 0, 'users that were written')
    },
  },
  {
    id: 'VAL-03.absent-null-and-default',
    rules: ['VAL-03'],
    title: 'no value, the value null and a default of the catalog stay three different things',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const isNull = make.profileValue(user.id, { level: 'global' }, null)
      const attributes = [
        make.attribute({ key: 'without' }),
        make.attribute({ key: 'null-default', default: null }),
        make.attribute({ key: 'default', default: 'as everybody' }),
      ]
      const catalog = make.catalog(null, { attributes })
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      await store.transact(ACME, (tx) => tx.profileValues.insert(isNull))
      await store.read(ACME, async (reader) => {
        check.equal(await reader.profileValues.find(isNull), isNull, 'the value null')
        check.equal(
          await reader.profileValues.find({ ...keyOf(isNull), attributeKey: 'absent' }),
          null,
          'no value',
        )
        const found = await reader.catalogs.get(catalog.id)
        check.equal(
          found?.attributes.map((attribute) => 'default' in attribute),
          [false, true, true],
          'which attributes have a default',
        )
        check.equal(found, catalog, 'the catalog')
      })
    },
  },
]
