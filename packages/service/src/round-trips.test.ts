import { expect, test } from 'vitest'
import { createUserEngineService } from './create-user-engine-service.ts'
import { methodOf } from './testing/call-method.ts'
import { COMMAND_CASES } from './testing/command-cases.ts'
import { createProfile } from './testing/profile-world.ts'
import { countRoundTrips } from './testing/round-trips.ts'
import { openWorld, TENANT } from './testing/world.ts'

// A command that decides nothing is one round trip on a durable store, one that decides on what it has read is two.
// The rest has a reason: what it must read next is named by what it reads first.
const TRIPS: { readonly [method: string]: number } = {
  'users.create': 1,
  'users.update': 1,
  'accounts.update': 1,
  'externalIdentities.link': 1,
  'memberships.grant': 1,
  'applications.register': 1,
  'applications.update': 1,
  'catalogs.editDraft': 1,
  // The account names its user, who must not be deactivated.
  'accounts.reactivate': 3,
  // The catalog names its family, whose version before it is what it is compared with.
  'catalogs.publish': 3,
}

// The first who uses a bound catalog reads it; whoever comes later needs no round trip for that.
const TRIPS_WITH_CATALOG: typeof TRIPS = {
  'profiles.setValue': 3,
  'profiles.clearValue': 3,
  'profiles.clearValues': 3,
  'profiles.effective': 2,
}

test.for(COMMAND_CASES)('$method', async (row) => {
  const world = await openWorld()
  const input = await row.arrange(world)
  const counter = countRoundTrips(world.store)
  const engine = createUserEngineService({ store: counter.store, authorization: world.authorization })
  await methodOf(engine, row.method)(row.context, input)
  const trips = row.events === undefined ? 1 : (TRIPS[row.method] ?? 2)
  expect(counter.last).toBe(TRIPS_WITH_CATALOG[row.method] ?? trips)
})

test('a bound catalog is read once: then setting a value decides in one round trip, and a profile is one', async () => {
  const world = await openWorld()
  const { city, names } = await createProfile(world)
  const counter = countRoundTrips(world.store)
  const { profiles } = createUserEngineService({ store: counter.store, authorization: world.authorization })
  const { userId, applicationId, audience } = city
  await profiles.effective(TENANT, { userId, applicationId, audience })
  await profiles.setValue(TENANT, { ...city, value: 'Bern', expectedVersion: 0 })
  expect(counter.last).toBe(2)
  await profiles.effective(TENANT, { userId, applicationId, audience })
  expect(counter.last).toBe(1)
  await profiles.clearValue(TENANT, names)
  expect(counter.last).toBe(2)
})

test('provisioning somebody who is there reads what the identity names, and what the account names', async () => {
  const world = await openWorld()
  const row = COMMAND_CASES.find(({ method }) => method === 'provisionUser')
  if (row === undefined) throw new Error('no row for provisionUser')
  const input = await row.arrange(world)
  const counter = countRoundTrips(world.store)
  const engine = createUserEngineService({ store: counter.store, authorization: world.authorization })
  await methodOf(engine, 'provisionUser')(row.context, input)
  expect(counter.last).toBe(2)
  await methodOf(engine, 'provisionUser')(row.context, input)
  expect(counter.last).toBe(4)
})
