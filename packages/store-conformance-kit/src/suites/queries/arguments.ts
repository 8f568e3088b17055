import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, type RecordMaker } from '../../records.ts'
import { type EveryKind, makeEveryKind } from '../every-kind.ts'
import { type NamedAttempt, READ_ATTEMPTS, WRITE_ATTEMPTS } from '../methods.ts'

/** Names that have a form: ids and keys. */
const FORMED_NAMES = new Set([
  ...['id', 'userId', 'applicationId', 'catalogId', 'tenantAccountId', 'accountId'],
  ...['key', 'group', 'role', 'attributeKey'],
])

/** Names that may be nearly any text: those that others give, and those that a log keeps of others. */
const FREE_NAMES = new Set(['issuer', 'subject', 'actor.id', 'target.id'])

/** Texts that cannot be a name, with the names that are broken by them. */
const BAD_TEXTS: readonly (readonly [text: string, names: ReadonlySet<string>])[] = [
  ['No Id', FORMED_NAMES],
  ...['', "'; --\u0000", '\ud800'].map((text) => [text, new Set([...FORMED_NAMES, ...FREE_NAMES])] as const),
]

export const ARGUMENT_CASES: readonly ConformanceCase[] = [
  {
    id: 'QRY-01.malformed-arguments-are-refused',
    rules: ['QRY-01', 'VAL-02', 'SHP-05'],
    title:
      'ids, keys and names that cannot exist are VALIDATION in every method: no miss, and no error of the backend',
    run: showMalformedArguments,
  },
]

async function showMalformedArguments({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = makeEveryKind(make, ACME.tenantId)
  for (const [text, names] of BAD_TEXTS) {
    const broken = breakNames(records, { text, names }) as EveryKind
    const what = JSON.stringify(text)
    for (const attempt of READ_ATTEMPTS) {
      if (!takesNames(attempt, records, names, make)) continue
      const call = () => store.read(ACME, (reader) => attempt.call(reader, broken, make))
      await check.rejects(call, 'VALIDATION', `${attempt.name} with ${what}`)
    }
    for (const attempt of WRITE_ATTEMPTS) {
      if (!takesNames(attempt, records, names, make)) continue
      // At the call itself, before anything is sent: what comes after it does not matter.
      const call = () =>
        store.transact(ACME, async (tx) => {
          await check.rejects(
            () => attempt.call(tx, broken, make),
            'VALIDATION',
            `${attempt.name} with ${what}`,
          )
        })
      const error = await check.rejects(call, 'TRANSACTION_ABORTED', `the transaction of ${attempt.name}`)
      check.equal(error.data, { causeCode: 'VALIDATION' }, `what the outcome of ${attempt.name} says`)
    }
  }
  const counts = await store.read(ACME, (reader) => reader.countRecords())
  check.equal(new Set(Object.values(counts)), new Set([0]), 'records that were written')
}

interface Breaking {
  readonly text: string
  readonly names: ReadonlySet<string>
}

/** The same value with every one of these names in it replaced. */
function breakNames(value: unknown, breaking: Breaking, owner = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => breakNames(member, breaking))
  if (typeof value !== 'object' || value === null) return value
  const nameOf = (key: string) => (owner === 'actor' || owner === 'target' ? `${owner}.${key}` : key)
  const isBroken = (key: string, member: unknown) =>
    breaking.names.has(nameOf(key)) && typeof member === 'string'
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      isBroken(key, member) ? breaking.text : breakNames(member, breaking, key),
    ]),
  )
}

const MARK = 'a-name-that-is-broken'

/** Whether what a call hands to the store has such a name in it at all. */
function takesNames<Handle>(
  attempt: NamedAttempt<Handle>,
  records: EveryKind,
  names: ReadonlySet<string>,
  make: RecordMaker,
): boolean {
  const handed: unknown[] = []
  const method = (...args: readonly unknown[]) => {
    handed.push(args)
    return Promise.resolve(null)
  }
  const role = new Proxy({}, { get: () => method })
  const handle = new Proxy({}, { get: () => role })
  const marked = breakNames(records, { text: MARK, names }) as EveryKind
  void attempt.call(handle as Handle, marked, make)
  return JSON.stringify(handed).includes(MARK)
}
