import type { JsonValue } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../case.ts'
import { ACME, PLATFORM } from '../records.ts'
import { LOOKALIKES } from './identities.ts'

/** Values that every store keeps exactly [VAL-01]. */
export const KEPT_VALUES: readonly (readonly [name: string, value: JsonValue, readBack?: JsonValue])[] = [
  ['null', null],
  ['booleans', [true, false]],
  ['nested null', { a: null, b: [null, { c: null }] }],
  ['empty object and array', { a: {}, b: [], c: [[], {}] }],
  ['empty text', ''],
  ['negative zero', -0, 0],
  ['the largest safe integers', [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
  ['fractions and exponents', [0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, -2.5]],
  ['64 KiB of text', 'x'.repeat(65_536)],
  [
    'control characters but U+0000',
    String.fromCharCode(...Array.from({ length: 31 }, (_, index) => index + 1)),
  ],
  ['the edges of Unicode', '\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}\u{10ffff}'],
  ['emoji and joiners', '😀👩‍👩‍👧‍👦🇪🇺'],
  ['NFC beside NFD', ['\u00e9', 'e\u0301', '\u1e9b\u0323', '\u1e9b\u0323'.normalize('NFKD')]],
  ['right to left', 'שלום \u202eabc\u202c العربية'],
  ['LIKE and regular expressions', "%_\\%' OR 1=1 -- .*+?^${}()|[]"],
  ['quotes and backslashes', '"\\"\\u0041\\n\'`'],
  ['texts that look like other types', ['2026-01-01T00:00:00.000Z', 'null', 'true', '1', '{"a":1}', '']],
  [
    'keys that look alike',
    Object.fromEntries([...LOOKALIKES, '', ' ', 'constructor', 'toString'].map((key, index) => [key, index])),
  ],
  ['31 levels, 32 as a payload', nest(31)],
  ['many members', Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key${index}`, index]))],
]

const CYCLE: Record<string, unknown> = {}
CYCLE['self'] = CYCLE

/** Values that no store may take [VAL-02], each with the path of what is wrong. */
const REFUSED_VALUES: readonly (readonly [name: string, value: unknown, path: string])[] = [
  ['U+0000', { a: ['canary-value\u0000'] }, 'value.a[0]'],
  ['U+0000 in a key', { 'canary-value\u0000': 1 }, 'value'],
  ['a lone high surrogate', { a: 'canary-value\ud800' }, 'value.a'],
  ['a lone low surrogate', ['\udc00canary-value'], 'value[0]'],
  ['NaN', { deep: { er: Number.NaN } }, 'value.deep.er'],
  ['Infinity', [Number.POSITIVE_INFINITY], 'value[0]'],
  ['undefined inside', { a: undefined }, 'value.a'],
  ['undefined in an array', [undefined], 'value[0]'],
  ['undefined as the value', undefined, 'value'],
  ['a Date', { at: new Date(0) }, 'value.at'],
  ['a bigint', { n: 1n }, 'value.n'],
  ['a Map', new Map([['canary-value', 1]]), 'value'],
  ['a function', { f: () => 'canary-value' }, 'value.f'],
  ['33 levels', nest(33), `value${'[0]'.repeat(32)}`],
  ['over 256 KiB', 'canary-value'.repeat(22_000), 'value'],
]

export const VALUE_CASES: readonly ConformanceCase[] = [
  {
    id: 'VAL-01.values-are-kept',
    rules: ['VAL-01'],
    title: 'profile values and payloads are read back equal, whatever JSON they hold, inserted or updated',
    timeoutMs: 60_000,
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      for (const [name, value, readBack = value] of [...KEPT_VALUES, ['32 levels', nest(32)] as const]) {
        for (const scope of [{ level: 'global' }, { level: 'tenant', ...ACME }] as const) {
          const record = make.profileValue(user.id, scope, 'before')
          await store.transact(ACME, (tx) => tx.profileValues.insert({ ...record, value }))
          const find = () => store.read(ACME, (reader) => reader.profileValues.find(record))
          check.equal(
            await find(),
            { ...record, value: readBack },
            `${name}, inserted at level ${scope.level}`,
          )
          const { id, provenance } = record
          const change = { id, updatedAt: make.instant(), level: scope.level }
          await store.transact(ACME, async (tx) => {
            await tx.profileValues.update({
              ...change,
              expectedVersion: 1,
              set: { value: 'between', provenance },
            })
            await tx.profileValues.update({ ...change, expectedVersion: 2, set: { value, provenance } })
          })
          check.equal((await find())?.value, readBack, `${name}, updated at level ${scope.level}`)
        }
        if (name === '32 levels') continue
        const event = make.event(ACME.tenantId, { payload: { value } })
        await store.transact(ACME, (tx) => tx.outbox.append(event))
        const lease = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 60_000 })
        check.equal(lease.deliveries[0]?.event.payload, { value: readBack }, `${name}, as a payload`)
      }
    },
  },
  {
    id: 'VAL-01.texts-are-kept',
    rules: ['VAL-01', 'IDN-04'],
    title: 'every text field is read back equal, up to its longest',
    async run({ open, check, make }) {
      const store = await open()
      const texts = [
        ...LOOKALIKES,
        '😀'.repeat(64),
        '\u0001\u001f',
        '\u{10ffff}',
        "%_\\' --",
        ' padded ',
        '\u202eabc',
      ]
      for (const text of texts) {
        const user = make.user({ displayName: text })
        const account = make.account(user.id, { name: text })
        const identity = make.identity(user.id, { issuer: text, subject: text })
        const application = make.application({ name: text })
        const audit = make.audit(null, {
          ...{ reason: text, correlationId: text, causationId: text, changedFields: [text.slice(0, 64)] },
          ...{
            actor: { type: 'user', id: text },
            target: { type: 'user', id: text },
            action: text.slice(0, 64),
          },
        })
        await store.transact(PLATFORM, async (tx) => {
          await tx.users.insert(user)
          await tx.accounts.insert(account)
          await tx.externalIdentities.insert(identity)
          await tx.applications.insert(application)
          await tx.audit.append(audit)
        })
        await store.read(PLATFORM, async (reader) => {
          const what = JSON.stringify(text).slice(0, 24)
          check.equal(await reader.users.get(user.id), user, `display name ${what}`)
          check.equal(await reader.accounts.get(account.id), account, `account name ${what}`)
          check.equal(
            await reader.externalIdentities.resolve(identity),
            { identity, user },
            `identity ${what}`,
          )
          check.equal(await reader.applications.get(application.id), application, `application name ${what}`)
          check.equal(await reader.audit.get(audit.id), audit, `audit record ${what}`)
        })
      }
      const longest = make.user({ displayName: '漢'.repeat(256) })
      const key = { issuer: '漢'.repeat(512), subject: '漢'.repeat(256) }
      const identity = make.identity(longest.id, key)
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(longest)
        await tx.externalIdentities.insert(identity)
      })
      const resolved = await store.read(PLATFORM, (reader) => reader.externalIdentities.resolve(key))
      check.equal(resolved, { identity, user: longest }, 'the longest texts')
    },
  },
  {
    id: 'VAL-02.values-are-refused',
    rules: ['VAL-02', 'DIA-02'],
    title: 'what cannot be kept is VALIDATION with the path and without the value, before anything is sent',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      for (const [name, value, path] of [...REFUSED_VALUES, ['a cycle', CYCLE, null] as const]) {
        const record = { ...make.profileValue(user.id, { level: 'global' }, 1), value: value as JsonValue }
        const error = await check.rejects(
          store.transact(ACME, (tx) => tx.profileValues.insert(record)),
          'VALIDATION',
          name,
        )
        if (path !== null) check.equal(error.data.issues[0]?.path, path, `the path of ${name}`)
        const shown = `${error.message} ${JSON.stringify(error)} ${error.stack ?? ''}`
        check.ok(!shown.includes('canary-value'), `the value is not in the error of ${name}`)
        const event = { ...make.event(ACME.tenantId), payload: { value: value as JsonValue } }
        await check.rejects(
          store.transact(ACME, (tx) => tx.outbox.append(event)),
          'VALIDATION',
          `${name} as a payload`,
        )
      }
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      check.equal([counts['profile-value'], counts['outbox-event']], [0, 0], 'what was written')
    },
  },
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

function nest(levels: number): JsonValue {
  let value: JsonValue = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

function keyOf<
  Key extends { readonly userId: string; readonly scope: unknown; readonly attributeKey: string },
>(value: Key) {
  const { userId, scope, attributeKey } = value
  return { userId, scope, attributeKey } as Pick<Key, 'userId' | 'scope' | 'attributeKey'>
}
