import {
  type AnyUserEngineError,
  type ErrorCode,
  isUserEngineError,
  type Page,
  type ProfileScope,
  type StoreReader,
  type StoreTransaction,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { RandomTransaction, Step } from './steps.ts'
import type { World } from './world.ts'

/** What a transaction came to: what it saw when it committed, or the code it was refused with. */
export type Outcome =
  | { readonly came: 'committed'; readonly looks: readonly unknown[] }
  | { readonly came: 'refused' | ErrorCode; readonly retryable: boolean }

/** The failure that a transaction brings about itself. */
class Thrown extends Error {}

const UPDATED_AT = '2026-01-01T00:00:00.000Z'

/** Runs a random transaction. @throws what is neither a typed error nor the transaction's own. */
export async function runRandomTransaction(
  store: UserEngineStore,
  world: World,
  { tenant, steps, fails }: RandomTransaction,
): Promise<Outcome> {
  const tenantId = world.tenants[tenant] ?? ''
  const looks: unknown[] = []
  try {
    await store.transact({ tenantId }, async (tx) => {
      await runSteps(tx, { world, tenant, looks }, steps)
      if (fails) throw new Thrown()
    })
    return { came: 'committed', looks }
  } catch (error) {
    if (error instanceof Thrown) return { came: 'refused', retryable: false }
    if (!isUserEngineError(error)) throw error
    // With several things that go wrong it is left to the store which of them is seen first [TXN-10].
    const isPlain = steps.length === 1 && !fails
    return { came: isPlain ? causeOf(error) : 'refused', retryable: error.retryable }
  }
}

// A failure may surface late, inside a nested transaction whose end is caught: it is the same failure then [TXN-10].
function causeOf(error: AnyUserEngineError): ErrorCode {
  return error.code === 'TRANSACTION_ABORTED' ? (error.data.causeCode ?? error.code) : error.code
}

interface Surroundings {
  readonly world: World
  readonly tenant: number
  readonly looks: unknown[]
}

async function runSteps(tx: StoreTransaction, around: Surroundings, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if ('look' in step) around.looks.push(await look(tx, around.world))
    else if ('nest' in step) await runNested(tx, around, step)
    else await runWrite(tx, around, step)
  }
}

async function runNested(
  tx: StoreTransaction,
  around: Surroundings,
  { nest, fails }: Extract<Step, { readonly nest: unknown }>,
): Promise<void> {
  const looks: unknown[] = []
  const nested = tx.transact(async (inner) => {
    await runSteps(inner, { ...around, looks }, nest)
    if (fails) throw new Thrown()
  })
  const outcome = await nested.then(
    () => looks,
    (error: unknown) => {
      if (error instanceof Thrown) return 'refused'
      if (isUserEngineError(error)) return nest.length === 1 && !fails ? causeOf(error) : 'refused'
      throw error
    },
  )
  around.looks.push(outcome)
}

type Write = Exclude<Step, { readonly look: true } | { readonly nest: unknown }>

function runWrite(tx: StoreTransaction, { world, tenant }: Surroundings, step: Write): Promise<void> {
  const ofTenant = <Item>(items: readonly (readonly Item[])[]) => items[tenant]?.[step.slot] as Item
  const user = world.users[step.slot] as World['users'][number]
  const account = world.accounts[step.slot] as World['accounts'][number]
  const identity = world.identities[step.slot] as World['identities'][number]
  const [presence, membership] = [ofTenant(world.tenantAccounts), ofTenant(world.memberships)]
  const value = ofTenant(world.values)
  if ('insert' in step) {
    return {
      user: () => tx.users.insert(user),
      account: () => tx.accounts.insert(account),
      'tenant-account': () => tx.tenantAccounts.insert(presence),
      identity: () => tx.externalIdentities.insert(identity),
      membership: () => tx.memberships.insert(membership),
      value: () => tx.profileValues.insert(value),
      audit: () => tx.audit.append(ofTenant(world.audits)),
      event: () => tx.outbox.append(ofTenant(world.events)),
    }[step.insert]()
  }
  const expectedVersion = step.version
  const { level } = value.scope as ProfileScope
  if ('delete' in step) {
    return {
      identity: () => tx.externalIdentities.delete({ id: identity.id, expectedVersion }),
      membership: () => tx.memberships.delete({ id: membership.id, expectedVersion }),
      value: () => tx.profileValues.delete({ id: value.id, expectedVersion, level }),
    }[step.delete]()
  }
  const change = <Set>(id: string, set: Set) => ({ id, expectedVersion, set, updatedAt: UPDATED_AT })
  const { provenance } = value
  return {
    user: () => tx.users.update(change(user.id, { displayName: `after ${expectedVersion}` })),
    account: () => tx.accounts.update(change(account.id, { name: `after ${expectedVersion}` })),
    'tenant-account': () => tx.tenantAccounts.update(change(presence.id, { status: 'suspended' })),
    membership: () => tx.memberships.update(change(membership.id, { validUntil: UPDATED_AT })),
    value: () =>
      tx.profileValues.update({ ...change(value.id, { value: [expectedVersion], provenance }), level }),
  }[step.change]()
}

/** Everything that a scope sees of the world, by every list and by the counts. */
export async function look(reader: StoreReader, world: World): Promise<unknown> {
  const page = { limit: 500 }
  const itemsOf = async <Item>(list: Promise<Page<Item>>) => (await list).items
  const ofUsers = world.users.flatMap(({ id: userId }) => [
    itemsOf(reader.accounts.listByUser({ userId, page })),
    itemsOf(reader.tenantAccounts.listByUser({ userId, page })),
    itemsOf(reader.externalIdentities.listByUser({ userId, page })),
    itemsOf(reader.profileValues.listByUser({ userId, page })),
  ])
  const presences = world.tenantAccounts.flat()
  const ofPresences = presences.map(({ id: tenantAccountId }) =>
    itemsOf(reader.memberships.listByTenantAccount({ tenantAccountId, page })),
  )
  const [users, tenantAccounts, audit, outbox, counts, ...rest] = await Promise.all([
    itemsOf(reader.users.list(page)),
    itemsOf(reader.tenantAccounts.list(page)),
    itemsOf(reader.audit.list({ page })),
    itemsOf(reader.outbox.list({ page })),
    reader.countRecords(),
    ...ofUsers,
    ...ofPresences,
  ])
  return {
    users,
    tenantAccounts,
    audit,
    outbox,
    counts,
    ofUsers: rest.slice(0, ofUsers.length),
    ofPresences: rest.slice(ofUsers.length),
  }
}
