// Random units of work of many inserts, as data: mostly right, and wrong in one or two places.
import type { StoreTransaction } from '@user-engine/store-protocol'
import * as fc from 'fast-check'

export const TENANT = 'acme'

const KINDS = [
  ...(['user', 'account', 'tenant-account', 'identity', 'membership'] as const),
  ...(['value', 'global value', 'audit', 'event'] as const),
]

export type Call =
  | {
      readonly insert: (typeof KINDS)[number]
      /** Whose record it is. */
      readonly person: number
      /** Whose parent it names, where that is somebody else's. */
      readonly parent?: number
      readonly tenant?: string
    }
  | { readonly look: number }
  | { readonly rename: number; readonly version: number }

export interface RandomImport {
  readonly calls: readonly Call[]
  /** Where nested work begins and ends, if any. */
  readonly nested: readonly [number, number] | null
  readonly scope: 'tenant' | 'platform'
}

const PEOPLE = 8
const person = fc.nat({ max: PEOPLE - 1 })

type Change = (calls: readonly Call[]) => readonly Call[]

const at = fc.nat({ max: 1_000 })
const placeIn = (calls: readonly Call[], position: number) => position % Math.max(1, calls.length)
const put = (call: Call): fc.Arbitrary<Change> =>
  at.map((position) => (calls) => calls.toSpliced(placeIn(calls, position), 0, call))

const change: fc.Arbitrary<Change> = fc.oneof(
  // A call comes earlier or later than it was.
  fc.tuple(at, at).map(
    ([from, to]): Change =>
      (calls) => {
        const call = calls[placeIn(calls, from)]
        const others = calls.toSpliced(placeIn(calls, from), 1)
        return call === undefined ? calls : others.toSpliced(placeIn(others, to), 0, call)
      },
  ),
  // A call is made twice, or its record belongs to somebody else, or to another tenant.
  fc.tuple(at, at).map(
    ([from, to]): Change =>
      (calls) => {
        const call = calls[placeIn(calls, from)]
        return call === undefined ? calls : calls.toSpliced(placeIn(calls, to), 0, call)
      },
  ),
  fc.tuple(at, fc.oneof(person, fc.constant(99))).map(
    ([position, parent]): Change =>
      (calls) =>
        calls.map((call, index) =>
          index === placeIn(calls, position) && 'insert' in call ? { ...call, parent } : call,
        ),
  ),
  at.map(
    (position): Change =>
      (calls) =>
        calls.map((call, index) =>
          index === placeIn(calls, position) && 'insert' in call ? { ...call, tenant: 'other' } : call,
        ),
  ),
  person.chain((look) => put({ look })),
  fc.tuple(person, fc.integer({ min: 1, max: 2 })).chain(([rename, version]) => put({ rename, version })),
)

const people = fc.uniqueArray(person, { minLength: 3, maxLength: PEOPLE })

export const randomImport: fc.Arbitrary<RandomImport> = fc
  .record({
    people,
    byPerson: fc.boolean(),
    changes: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Change[]>([]) },
      { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
    ),
    nested: fc.option(fc.tuple(at, at), { freq: 3 }),
    scope: fc.constantFrom('tenant' as const, 'tenant' as const, 'platform' as const),
  })
  .map((chosen) => {
    const kinds = chosen.scope === 'tenant' ? KINDS : KINDS.filter((kind) => !OF_TENANT.has(kind))
    const inserts: Call[] = chosen.byPerson
      ? chosen.people.flatMap((one) => kinds.map((insert) => ({ insert, person: one })))
      : kinds.flatMap((insert) => chosen.people.map((one) => ({ insert, person: one })))
    const calls = chosen.changes.reduce<readonly Call[]>((made, apply) => apply(made), inserts)
    const nested = chosen.nested?.map((position) => placeIn(calls, position)).sort((a, b) => a - b)
    return {
      calls,
      nested: nested?.length === 2 ? [nested[0] ?? 0, nested[1] ?? 0] : null,
      scope: chosen.scope,
    }
  })

const OF_TENANT: ReadonlySet<string> = new Set(['membership', 'value'])

const INSTANT = '2026-01-31T09:30:00.123Z'
const STAMPS = { version: 1, createdAt: INSTANT, updatedAt: INSTANT } as const

/** How the ids of a round begin. */
export function idsOf(round: number): string {
  return `019a0000-${String(round).padStart(4, '0')}`
}

/** Makes one call. Persons of another round are others, so that a round that failed leaves room for the next. */
export function make(tx: StoreTransaction, call: Call, round: number): Promise<unknown> {
  const id = (kind: string, of: number) => `${idsOf(round)}-7000-8${kind}-${String(of).padStart(12, '0')}`
  if ('look' in call) return tx.users.get(id('001', call.look))
  if ('rename' in call) {
    const set = { displayName: 'renamed' }
    return tx.users.update({
      id: id('001', call.rename),
      expectedVersion: call.version,
      set,
      updatedAt: INSTANT,
    })
  }
  const { person: of, parent = of, tenant: tenantId = TENANT } = call
  const userId = id('001', parent)
  switch (call.insert) {
    case 'user': {
      const displayName = `"{Ada},\\${of}" NULL`
      return tx.users.insert({ id: id('001', of), kind: 'person', displayName, status: 'active', ...STAMPS })
    }
    case 'account': {
      const name = of % 2 === 0 ? null : 'NULL'
      return tx.accounts.insert({
        id: id('002', of),
        userId,
        kind: 'human',
        name,
        status: 'active',
        ...STAMPS,
      })
    }
    case 'tenant-account': {
      const accountId = id('002', parent)
      const status = 'active'
      return tx.tenantAccounts.insert({ id: id('003', of), tenantId, accountId, userId, status, ...STAMPS })
    }
    case 'identity': {
      const subject = `subject ${round} ${parent} 🜁`
      return tx.externalIdentities.insert({ id: id('004', of), userId, issuer: 'i', subject, ...STAMPS })
    }
    case 'membership': {
      const grant = {
        group: 'staff',
        role: 'reader',
        validFrom: of % 2 === 0 ? null : INSTANT,
        validUntil: null,
      }
      const tenantAccountId = id('003', parent)
      return tx.memberships.insert({ id: id('005', of), tenantId, tenantAccountId, ...grant, ...STAMPS })
    }
    case 'value':
    case 'global value': {
      const isGlobal = call.insert === 'global value'
      return tx.profileValues.insert({
        id: id(isGlobal ? '006' : '007', of),
        userId,
        scope: isGlobal ? { level: 'global' } : { level: 'tenant', tenantId },
        attributeKey: 'note',
        value: of % 2 === 0 ? null : { quoted: '"\\\n{}' },
        provenance: {
          source: 'test',
          actor: { type: 'service', id: 'test' },
          catalogId: id('00a', 0),
          catalogVersion: 1,
        },
        ...STAMPS,
      })
    }
    case 'audit':
      return tx.audit.append({
        ...{ id: id('008', of), tenantId, occurredAt: INSTANT, actor: { type: 'service', id: 'test' } },
        ...{ action: 'user.create', target: { type: 'user', id: userId }, outcome: 'allowed', reason: null },
        ...{ changedFields: ['displayName'], correlationId: null, causationId: null },
      })
    case 'event':
      return tx.outbox.append({
        ...{ id: id('009', of), tenantId, aggregateType: 'user', aggregateId: userId, type: 'user.created' },
        ...{
          schemaVersion: 1,
          payload: { userId },
          occurredAt: INSTANT,
          correlationId: null,
          causationId: null,
        },
      })
  }
}
