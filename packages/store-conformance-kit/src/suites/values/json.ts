import { findJsonIssue, type JsonValue } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { claim } from '../outbox/steps.ts'
import { profileScopeOf } from '../versions/versioned-kinds.ts'
import { KEPT_VALUES, LIMIT_VALUES, nest } from './kept-values.ts'

const CYCLE: Record<string, unknown> = {}
CYCLE['self'] = CYCLE

const HOLE = Object.assign(new Array<number>(3), { 0: 1, 2: 3 })

class Instance {
  readonly secret = 'canary-value'
}

/** Values that no store may take [VAL-02], each with the path of what is wrong; null where it may be any. */
const REFUSED_VALUES: readonly (readonly [name: string, value: unknown, path: string | null])[] = [
  ['U+0000', { a: ['canary-value\u0000'] }, 'value.a[0]'],
  ['U+0000 in a key', { 'canary-value\u0000': 1 }, 'value'],
  ['a lone high surrogate', { a: 'canary-value\ud800' }, 'value.a'],
  ['a lone low surrogate', ['\udc00canary-value'], 'value[0]'],
  ['a lone surrogate in a key', { b: { '\ud800canary-value': 1 } }, 'value.b'],
  ['surrogates in the wrong order', ['\udc00\ud800'], 'value[0]'],
  ['NaN', { deep: { er: Number.NaN } }, 'value.deep.er'],
  ['Infinity', [Number.POSITIVE_INFINITY], 'value[0]'],
  ['negative Infinity', Number.NEGATIVE_INFINITY, 'value'],
  ['undefined inside', { a: undefined }, 'value.a'],
  ['undefined in a list', [undefined], 'value[0]'],
  ['a hole in a list', HOLE, 'value[1]'],
  ['undefined as the value', undefined, 'value'],
  ['a Date', { at: new Date(0) }, 'value.at'],
  ['a bigint', { n: 1n }, 'value.n'],
  ['a symbol', { s: Symbol('canary-value') }, 'value.s'],
  ['a symbol as a key', { [Symbol('canary-value')]: 1 }, 'value'],
  ['a Map', new Map([['canary-value', 1]]), 'value'],
  ['a Buffer', Buffer.from('canary-value'), 'value'],
  ['an instance of a class', [new Instance()], 'value[0]'],
  ['a function', { f: () => 'canary-value' }, 'value.f'],
  ['33 levels', nest(33), `value${'[0]'.repeat(32)}`],
  ['over 256 KiB', 'canary-value'.repeat(22_000), 'value'],
  ['one byte over 256 KiB', 'x'.repeat(256 * 1024 - 1), 'value'],
  ['over 256 KiB in characters of three bytes', '漢'.repeat(90_000), 'value'],
  ['over 256 KiB in many members', Array.from({ length: 70_000 }, () => 'x'), 'value'],
  ['a cycle', CYCLE, null],
]

export const JSON_CASES: readonly ConformanceCase[] = [
  {
    id: 'VAL-01.profile-values-are-kept',
    rules: ['VAL-01'],
    title:
      'profile values of every level are read back equal, whatever JSON they hold, inserted or updated, found or listed',
    timeoutMs: 60_000,
    run: (context) => showKeptValues(context),
  },
  {
    id: 'VAL-01.payloads-are-kept',
    rules: ['VAL-01', 'OBX-01'],
    title: 'payloads of events are listed and handed over equal, whatever JSON they hold',
    timeoutMs: 60_000,
    async run({ open, check, make }) {
      const store = await open()
      for (const [name, value, readBack = value] of KEPT_VALUES) {
        const payload = { value }
        const event = make.event(ACME.tenantId, { payload })
        await store.transact(ACME, (tx) => tx.outbox.append(event))
        const lease = await claim(store)
        const expected = { value: readBack }
        check.equal(
          lease.deliveries.map((delivery) => delivery.event.payload),
          [expected],
          `the payload that is handed over: ${name}`,
        )
        await store.outbox.ack({ token: lease.token, eventIds: [event.id] })
        const page = { limit: 500 }
        const { items } = await store.read(ACME, (reader) => reader.outbox.list({ page }))
        check.equal(items.at(-1)?.event.payload, expected, `the payload in the log: ${name}`)
      }
    },
  },
  {
    id: 'VAL-01.defaults-are-kept',
    rules: ['VAL-01', 'VAL-03'],
    title: 'the defaults, constraints and texts of a catalog are read back equal',
    async run({ open, check, make }) {
      const store = await open()
      const kept = KEPT_VALUES.filter(([, value]) => findJsonIssue(value) === null)
      const attributes = kept.map(([, value], index) => make.attribute({ key: `a${index}`, default: value }))
      const expected = kept.map(([, value, readBack = value], index) => ({
        ...attributes[index],
        default: readBack,
      }))
      const constraints = {
        ...{ minLength: 0, maxLength: Number.MAX_SAFE_INTEGER, format: 'email' as const },
        ...{ minimum: -0.5, maximum: 1e21, maxItems: 3, oneOf: ['', 'Ä', 0, 0.1, '0'] },
      }
      const constrained = make.attribute({ key: 'constrained', constraints, description: '漢'.repeat(1_024) })
      const catalog = make.catalog(null, { attributes: [...attributes, constrained] })
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      const found = await store.read(PLATFORM, (reader) => reader.catalogs.get(catalog.id))
      check.equal(found, { ...catalog, attributes: [...expected, constrained] }, 'the catalog')
    },
  },
  {
    id: 'VAL-02.values-are-refused',
    rules: ['VAL-02', 'DIA-02'],
    title: 'what cannot be kept is VALIDATION with the path and without the value, at the call itself',
    timeoutMs: 60_000,
    run: (context) => showRefusedValues(context),
  },
]

async function showKeptValues({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, ACME.tenantId)
  const { application } = await make.addApplication(store)
  for (const [name, value, readBack = value] of [...KEPT_VALUES, ...LIMIT_VALUES]) {
    for (const level of ['global', 'tenant', 'application'] as const) {
      const scope = profileScopeOf(level, application.id)
      const record = make.profileValue(user.id, scope, value)
      const { id, provenance, attributeKey } = record
      const find = () =>
        store.read(ACME, (reader) => reader.profileValues.find({ userId: user.id, scope, attributeKey }))
      await store.transact(ACME, (tx) => tx.profileValues.insert(record))
      const inserted = { ...record, value: readBack }
      check.equal(await find(), inserted, `${name}, inserted at level ${level}`)
      await store.transact(ACME, (tx) => {
        const between = make.update(id, 1, { value: { between: true }, provenance })
        void tx.profileValues.update({ ...between, level })
        void tx.profileValues.update({ ...make.update(id, 2, { value, provenance }), level })
      })
      check.equal((await find())?.value, readBack, `${name}, updated at level ${level}`)
      const { items } = await store.read(ACME, (reader) =>
        reader.profileValues.listByUser({
          userId: user.id,
          applicationId: application.id,
          page: { limit: 500 },
        }),
      )
      const listed = items.filter((item) => item.id === id).map((item) => item.value)
      check.equal(listed, [readBack], `${name}, listed at level ${level}`)
      await store.transact(ACME, (tx) => tx.profileValues.delete({ id, expectedVersion: 3, level }))
    }
  }
}

async function showRefusedValues({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, ACME.tenantId)
  const held = make.profileValue(user.id, { level: 'global' }, 'before')
  await store.transact(ACME, (tx) => tx.profileValues.insert(held))
  const { provenance } = held
  for (const [name, refused, path] of REFUSED_VALUES) {
    const value = refused as JsonValue
    const record = make.profileValue(user.id, { level: 'global' }, value)
    const change = { ...make.update(held.id, 1, { value, provenance }), level: 'global' } as const
    const payload = { value }
    const definition = make.attribute({ default: value })
    const calls = {
      'as an inserted value': {
        at: path,
        call: () => store.transact(ACME, (tx) => tx.profileValues.insert(record)),
      },
      'as an updated value': {
        at: path === null ? null : `set.${path}`,
        call: () => store.transact(ACME, (tx) => tx.profileValues.update(change)),
      },
      // The limits of size and depth are those of the payload as a whole.
      'in a payload': {
        at: /levels|KiB/.test(name) || path === null ? null : `payload.${path}`,
        call: () => store.transact(ACME, (tx) => tx.outbox.append(make.event(ACME.tenantId, { payload }))),
      },
      // An absent default is no default.
      ...(refused === undefined
        ? {}
        : {
            'as a default': {
              at: path === null ? null : `attributes[0].${path.replace(/^value/, 'default')}`,
              call: () =>
                store.transact(PLATFORM, (tx) =>
                  tx.catalogs.insert(make.catalog(null, { attributes: [definition] })),
                ),
            },
          }),
    }
    for (const [where, { at, call }] of Object.entries(calls)) {
      const error = await check.rejects(call, 'VALIDATION', `${name} ${where}`)
      check.equal(error.data.issues.length, 1, `how many issues: ${name} ${where}`)
      if (at !== null) check.equal(error.data.issues[0]?.path, at, `the path: ${name} ${where}`)
      const shown = `${error.message} ${JSON.stringify(error)} ${error.stack ?? ''}`
      check.ok(!shown.includes('canary-value'), `the value is not in the error: ${name} ${where}`)
    }
  }
  const text = store.transact(ACME, (tx) =>
    tx.outbox.append(make.event(ACME.tenantId, { payload: ['a list'] as never })),
  )
  await check.rejects(text, 'VALIDATION', 'a payload that is no object')
  const counts = await store.read(ACME, (reader) => reader.countRecords())
  check.equal([counts['profile-value'], counts['outbox-event']], [1, 0], 'what was written')
}
