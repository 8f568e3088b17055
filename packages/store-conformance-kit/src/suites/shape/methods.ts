import { isUserEngineError, type StoreTransaction, type UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { addEveryKind, readEveryKind } from '../every-kind.ts'
import { READS, WRITE_ATTEMPTS, WRITES } from '../methods.ts'

/** How deep a case goes to find the end of nesting; a store that allows more is not asked for its end. */
const MAX_DEPTH_TRIED = 256

type StoreMethods = {
  readonly [Name in keyof UserEngineStore]: UserEngineStore[Name] extends (...args: never[]) => unknown
    ? 'method'
    : 'data'
}
const STORE: StoreMethods = {
  protocolVersion: 'data',
  capabilities: 'data',
  outbox: 'data',
  read: 'method',
  transact: 'method',
  recordDenial: 'method',
  readiness: 'method',
  schemaVersion: 'method',
  diagnostics: 'method',
  close: 'method',
}

const OUTBOX: { readonly [Method in keyof UserEngineStore['outbox']]: true } = {
  claim: true,
  ack: true,
  extend: true,
  nack: true,
  release: true,
  deadLetter: true,
  listDeadLetters: true,
  replay: true,
  stats: true,
}

export const METHOD_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-03.every-method-is-there',
    rules: ['SHP-03', 'TEN-04'],
    title: 'store, outbox, read handle and transaction handle have every method of the protocol',
    run: (context) => showMethods(context),
  },
  {
    id: 'SHP-03.reads-do-not-write',
    rules: ['SHP-03', 'TXN-07'],
    title: 'the handle of a read has no writing method, or refuses it, and changes nothing',
    run: (context) => showReadsDoNotWrite(context),
  },
  {
    id: 'SHP-03.too-deep-is-refused',
    rules: ['SHP-03', 'TXN-05'],
    title: 'nesting as deep as the manifest says works, and beyond it is refused with NOT_SUPPORTED',
    async run({ open, check, capabilities, note }) {
      const store = await open()
      const dive = async (tx: StoreTransaction, levels: number): Promise<number> =>
        levels > 0
          ? await tx.transact((inner) => dive(inner, levels - 1))
          : (await tx.users.list()).items.length
      const { maxNesting } = capabilities.transactions
      const levels = Math.min(maxNesting, MAX_DEPTH_TRIED)
      check.equal(await store.transact(PLATFORM, (tx) => dive(tx, levels)), 0, `${levels} levels`)
      if (levels < maxNesting) {
        note(`nested ${levels} levels deep; the manifest says ${maxNesting}`)
        return
      }
      const beyond = store.transact(PLATFORM, (tx) => dive(tx, maxNesting + 1))
      const error = await check.rejects(beyond, 'NOT_SUPPORTED', `level ${maxNesting + 1} of ${maxNesting}`)
      check.ok(error.data.capability.includes('maxNesting'), 'it names the capability', error.data)
    },
  },
]

async function showMethods({ open, check, note }: CaseContext): Promise<void> {
  const store = await open()
  for (const [name, kind] of Object.entries(STORE)) {
    const type = typeof store[name as keyof UserEngineStore]
    check.equal(type === 'function', kind === 'method', `store.${name} is a ${kind}`)
  }
  for (const name of Object.keys(OUTBOX))
    check.equal(typeof store.outbox[name as keyof UserEngineStore['outbox']], 'function', `outbox.${name}`)
  const beyond = new Set<string>()
  const expectRole = (
    handle: object,
    roles: { readonly [role: string]: readonly string[] },
    kind: string,
  ) => {
    for (const [role, methods] of Object.entries(roles)) {
      const members: unknown = Reflect.get(handle, role)
      for (const method of methods) {
        const found: unknown = typeof members === 'object' && members !== null && Reflect.get(members, method)
        check.equal(typeof found, 'function', `${role}.${method} of ${kind}`)
      }
      for (const method of functionsOf(members))
        if (!methods.includes(method)) beyond.add(`${role}.${method} of ${kind}`)
    }
    check.equal(typeof Reflect.get(handle, 'countRecords'), 'function', `countRecords of ${kind}`)
  }
  const reads = Object.fromEntries(
    Object.entries(READS).map(([role, methods]) => [role, Object.keys(methods)]),
  )
  const all = Object.fromEntries(
    Object.entries(WRITES).map(([role, methods]) => [
      role,
      [...(reads[role] ?? []), ...Object.keys(methods)],
    ]),
  )
  await store.read(PLATFORM, (reader) => expectRole(reader, reads, 'a read handle'))
  await store.transact(PLATFORM, async (tx) => {
    expectRole(tx, all, 'a transaction handle')
    check.equal(typeof tx.transact, 'function', 'transact of a transaction handle')
    await tx.transact((nested) => expectRole(nested, all, 'a nested transaction handle'))
  })
  if (beyond.size > 0) note(`methods beyond the protocol, not judged: ${[...beyond].join(', ')}`)
}

/** The names of the functions that an object offers, its own and inherited ones. */
function functionsOf(value: unknown): readonly string[] {
  const names = new Set<string>()
  for (let level = value; typeof level === 'object' && level !== null && level !== Object.prototype; ) {
    for (const [name, { value: member }] of Object.entries(Object.getOwnPropertyDescriptors(level)))
      if (typeof member === 'function' && name !== 'constructor') names.add(name)
    level = Object.getPrototypeOf(level)
  }
  return [...names]
}

async function showReadsDoNotWrite({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = await addEveryKind(store, make, ACME.tenantId)
  const before = await store.read(ACME, (reader) => reader.countRecords())
  for (const { name, call } of WRITE_ATTEMPTS) {
    const [role = '', method = ''] = name.split('.')
    const attempt = store.read(ACME, async (reader) => {
      const members: unknown = Reflect.get(reader, role)
      if (typeof members !== 'object' || members === null || !(method in members)) return 'absent'
      // What the type does not offer an untyped caller may still try.
      await call(reader as StoreTransaction, records, make)
      return 'answered'
    })
    const outcome = await attempt.catch((error: unknown) => (isUserEngineError(error) ? 'refused' : error))
    check.ok(outcome === 'absent' || outcome === 'refused', `${name} on the handle of a read`, outcome)
  }
  const escaping = store.read(ACME, async (reader) => {
    if (!('transact' in reader)) return 'absent'
    await (reader as StoreTransaction).transact((tx) => tx.users.insert(make.user()))
    return 'answered'
  })
  const outcome = await escaping.catch((error: unknown) => (isUserEngineError(error) ? 'refused' : error))
  check.ok(outcome === 'absent' || outcome === 'refused', 'transact on the handle of a read', outcome)
  const { counts, found } = await store.read(ACME, async (reader) => ({
    counts: await reader.countRecords(),
    found: await readEveryKind(reader, records),
  }))
  check.equal(counts, before, 'the counts afterwards')
  check.equal(found, records, 'the records afterwards')
}
