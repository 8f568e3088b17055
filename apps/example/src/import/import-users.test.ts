import { expect, test } from 'vitest'
import { readScimFile } from '../scim/read-scim-file.ts'
import { writeSample } from '../scim/write-sample.ts'
import { type MemoryApp, openMemoryApp } from '../testing/memory-app.ts'
import { makeTemporaryFolder, writeTemporaryFile } from '../testing/temporary-folder.ts'
import { importUsers, type RecordOutcome } from './import-users.ts'

const CONTEXT = { scope: { tenantId: 'demo' }, actor: { type: 'service', id: 'test' } } as const
const PASSWORD = 'correct-horse-battery-staple'

async function importFile({ engine, demo }: MemoryApp, file: string, reactivates = false) {
  const outcomes: RecordOutcome[] = []
  await importUsers({
    engine,
    context: CONTEXT,
    applicationId: demo.applicationId,
    issuer: 'scim:demo',
    reactivates,
    records: readScimFile(file),
    onDone: (outcome) => outcomes.push(outcome),
  })
  return outcomes.sort((one, other) => one.position - other.position)
}

const linesOf = (users: readonly object[]) => users.map((user) => JSON.stringify(user)).join('\n')

test('a second import of the same file changes nothing', async () => {
  const world = await openMemoryApp()
  const file = `${await makeTemporaryFolder()}/users.jsonl`
  await writeSample(file, 200)
  const first = await importFile(world, file)
  expect(first.map(({ outcome }) => outcome)).toEqual(Array(200).fill('created'))
  const counts = await world.engine.countRecords(CONTEXT)
  expect(counts).toMatchObject({ user: 201, account: 201, 'external-identity': 201, 'tenant-account': 201 })
  const second = await importFile(world, file)
  expect(second.map(({ outcome }) => outcome)).toEqual(Array(200).fill('unchanged'))
  expect(await world.engine.countRecords(CONTEXT)).toEqual(counts)
})

test('a record that is refused says why and does not stop the others', async () => {
  const world = await openMemoryApp()
  const file = await writeTemporaryFile(
    `${linesOf([
      { userName: 'ada' },
      { userName: '' },
      { userName: 'grace', emails: [{ value: 'not an address' }] },
    ])}\nno json\n${linesOf([{ userName: 'edsger' }])}`,
  )
  const outcomes = await importFile(world, file)
  expect(outcomes).toMatchObject([
    { position: 1, outcome: 'created' },
    { position: 2, outcome: 'refused', reason: expect.stringContaining('userName') },
    { position: 3, outcome: 'refused', reason: expect.stringContaining('email') },
    { position: 4, outcome: 'refused', reason: 'the line is not JSON' },
    { position: 5, outcome: 'created' },
  ])
  expect(JSON.stringify(outcomes)).not.toContain('not an address')
})

test('a password in the input is nowhere afterwards', async () => {
  const world = await openMemoryApp()
  const users = [
    { userName: 'ada', password: PASSWORD },
    { userName: '', password: PASSWORD },
  ]
  const outcomes = await importFile(world, await writeTemporaryFile(linesOf(users)))
  const { engine } = world
  const kept = [
    await engine.users.list(CONTEXT, {}),
    await engine.audit.list(CONTEXT, {}),
    await engine.outbox.list(CONTEXT, {}),
    await Promise.all(
      (await engine.users.list(CONTEXT, {})).items.flatMap(({ id }) => [
        engine.profiles.listValues(CONTEXT, { userId: id }),
        engine.externalIdentities.listByUser(CONTEXT, { userId: id }),
        engine.accounts.listByUser(CONTEXT, { userId: id }),
      ]),
    ),
    await world.store.diagnostics(),
  ]
  expect(JSON.stringify(kept)).toContain('"ada"')
  expect(JSON.stringify({ kept, outcomes }) + world.logged()).not.toContain(PASSWORD)
})

test('a user that is not active is suspended in the tenant; only --reactivate takes that back', async () => {
  const world = await openMemoryApp()
  const importOne = async (active: boolean | undefined, reactivates = false) => {
    const file = await writeTemporaryFile(JSON.stringify({ userName: 'ada', active }))
    const [outcome] = await importFile(world, file, reactivates)
    if (outcome === undefined || outcome.outcome === 'refused') throw new Error('refused')
    const { items } = await world.engine.tenantAccounts.listByUser(CONTEXT, { userId: outcome.userId })
    return [outcome.outcome, items[0]?.status]
  }
  expect(await importOne(false)).toEqual(['created', 'suspended'])
  expect(await importOne(false)).toEqual(['unchanged', 'suspended'])
  expect(await importOne(undefined)).toEqual(['unchanged', 'suspended'])
  expect(await importOne(true)).toEqual(['unchanged', 'suspended'])
  expect(await importOne(true, true)).toEqual(['updated', 'active'])
  expect(await importOne(true, true)).toEqual(['unchanged', 'active'])
  expect(await importOne(false)).toEqual(['updated', 'suspended'])
})

test('groups that are no longer listed are revoked', async () => {
  const world = await openMemoryApp()
  const groupsAfter = async (groups: readonly string[]) => {
    const user = { userName: 'ada', groups: groups.map((display) => ({ value: display, display })) }
    await importFile(world, await writeTemporaryFile(JSON.stringify(user)))
    const { items } = await world.engine.memberships.listByGroup(CONTEXT, { group: 'research' })
    return items.length
  }
  expect(await groupsAfter(['Research', 'Sales'])).toBe(1)
  expect(await groupsAfter(['Sales'])).toBe(0)
})
