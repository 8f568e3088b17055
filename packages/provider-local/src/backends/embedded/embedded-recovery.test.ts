// Real servers: restored to a moment, and followed by a standby that takes their place.
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { LocalDatabase } from '../../local-database.ts'
import type { LocalProvider } from '../../local-provider.ts'
import { queryWith } from '../../testing/connect.ts'
import { useDataFolder } from '../../testing/data-folder.ts'

const data = useDataFolder()

async function provisioned(provider: LocalProvider, name = 'kept'): Promise<LocalDatabase> {
  const database = await provider.provisionDatabase({ name })
  await database.query('CREATE TABLE user_engine.kept (value int)')
  await database.query('GRANT SELECT ON user_engine.kept TO user_engine_runtime')
  return database
}

const write = async (database: LocalDatabase, value: number) =>
  void (await database.query('INSERT INTO user_engine.kept VALUES ($1)', [value]))

/** What the consumer reads, with a lease of this moment. */
async function read({ capability }: LocalDatabase): Promise<readonly unknown[]> {
  const rows = await queryWith(
    await capability.lease('runtime'),
    'SELECT value FROM user_engine.kept ORDER BY value',
  )
  return rows.map(({ value }) => value)
}

const epochOf = async ({ capability }: LocalDatabase) => (await capability.describe()).epoch

test('a restore to a moment: what was there then, by the same capability, in another epoch', async () => {
  const provider = await data.open({ archive: true })
  const database = await provisioned(provider)
  await write(database, 1)
  const backup = await provider.recovery.backUp()
  await write(database, 2)
  await provider.recovery.markRestorePoint('before the mistake')
  await write(database, 3)
  const [epoch, lease] = [await epochOf(database), await database.capability.lease('runtime')]
  await provider.recovery.restore(backup, { point: 'before the mistake' })
  expect(await read(database)).toEqual([1, 2])
  const restored = await database.capability.lease('runtime')
  expect(restored.leaseId).not.toBe(lease.leaseId)
  expect(restored.port).toBe(lease.port)
  expect(await epochOf(database)).not.toBe(epoch)
  await expect(queryWith(lease, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })

  // The same backup goes further: the archive has what the restored server wrote since.
  const epochs = new Set([epoch, await epochOf(database)])
  await write(database, 4)
  const { rows } = await database.query(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  )
  await write(database, 5)
  await provider.recovery.restore(backup, { instant: String(rows[0]?.now) })
  expect(await read(database)).toEqual([1, 2, 4])
  epochs.add(await epochOf(database))
  expect(epochs.size).toBe(3)
})

test('a restore of a killed server loses nothing that was acknowledged, and databases that were not there are not there', async () => {
  const provider = await data.open({ archive: true })
  const database = await provisioned(provider)
  const backup = await provider.recovery.backUp()
  await provider.recovery.markRestorePoint('one database')
  await write(database, 1)
  const later = await provisioned(provider, 'later')
  await write(later, 7)
  await provider.faults.kill()
  await provider.recovery.restore(backup)
  expect(await read(database)).toEqual([1])
  expect(await read(later)).toEqual([7])
  await provider.recovery.restore(backup, { point: 'one database' })
  expect(await read(database)).toEqual([])
  await expect(later.capability.lease('runtime')).rejects.toMatchObject({ code: 'STOPPED' })
})

test('a target that the log does not reach: the server from before is back', async () => {
  const provider = await data.open({ archive: true })
  const database = await provisioned(provider)
  const backup = await provider.recovery.backUp()
  await write(database, 1)
  await expect(provider.recovery.restore(backup, { point: 'never' })).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringContaining('recovery ended before configured recovery target was reached'),
  })
  expect(await read(database)).toEqual([1])
  await expect(provider.recovery.restore({ path: '/nowhere' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
  await expect(provider.recovery.restore(backup, { instant: 'soon' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
  expect(await read(database)).toEqual([1])
})

test('a standby takes the place of a killed server: at another address, in another epoch', async () => {
  const provider = await data.open()
  const database = await provisioned(provider)
  const standby = await provider.recovery.startStandby({ synchronous: true })
  await write(database, 1)
  const [epoch, before, description] = [
    await epochOf(database),
    await database.capability.lease('runtime'),
    provider.backend.description,
  ]
  await provider.faults.kill()
  await standby.promote()
  const after = await database.capability.lease('runtime')
  expect(await read(database)).toEqual([1])
  expect(await epochOf(database)).not.toBe(epoch)
  expect(after.port).not.toBe(before.port)
  expect(provider.serverHandle.admin.port).toBe(after.port)
  expect(provider.backend.description).not.toBe(description)
  await write(database, 2)
  await expect(standby.promote()).rejects.toMatchObject({ code: 'STOPPED' })
  // Faults are those of the new server.
  await provider.faults.kill()
  await expect(read(database)).rejects.toThrow()
  await provider.faults.start()
  expect(await read(database)).toEqual([1, 2])
})

test('a server that runs is ended in order before its standby takes over, and nothing is lost', async () => {
  const provider = await data.open()
  const database = await provisioned(provider)
  const [standby, other] = [await provider.recovery.startStandby(), await provider.recovery.startStandby()]
  await write(database, 1)
  await standby.caughtUp()
  await write(database, 2)
  await standby.promote()
  expect(await read(database)).toEqual([1, 2])
  await expect(other.promote()).rejects.toMatchObject({ code: 'STOPPED' })
})

test('a standby that is stopped leaves its primary as it was', async () => {
  const provider = await data.open()
  const database = await provisioned(provider)
  const standby = await provider.recovery.startStandby({ synchronous: true })
  await standby.stop()
  await write(database, 1)
  const { rows } = await database.query('SELECT (SELECT count(*)::int FROM pg_replication_slots) AS slots')
  expect(rows).toEqual([{ slots: 0 }])
})

test('a process that is killed while a standby follows leaves nothing to wait for', async () => {
  const owner = await data.openElsewhere()
  owner.say('follow')
  expect(await owner.next()).toEqual({ rows: [{ value: 1 }] })
  owner.child.kill('SIGKILL')
  await owner.ended()
  const provider = await data.open()
  expect(provider.backend.reused).toBe(false)
  const database = await provider.provisionDatabase({ name: 'program' })
  await database.query('INSERT INTO user_engine.kept VALUES (2)')
  const { rows } = await database.query('SELECT (SELECT count(*)::int FROM pg_replication_slots) AS slots')
  expect(rows).toEqual([{ slots: 0 }])
  expect(readdirSync(data.dataDir).filter((name) => name.startsWith('standby-'))).toEqual([])
})

test('what took the place is there at the next start', async () => {
  const provider = await data.open({ archive: true })
  const database = await provisioned(provider)
  await write(database, 1)
  const standby = await provider.recovery.startStandby()
  await standby.caughtUp()
  await standby.promote()
  await write(database, 2)
  await provider.stop()
  const again = await data.open({ archive: true })
  const kept = await again.provisionDatabase({ name: 'kept' })
  expect(await read(kept)).toEqual([1, 2])
  await again.recovery.restore(await again.recovery.backUp())
  await write(kept, 3)
  await again.stop()
  expect(await read(await (await data.open()).provisionDatabase({ name: 'kept' }))).toEqual([1, 2, 3])
})

test('a server that keeps no log has no backups, and one that is not ours is not copied', async () => {
  const provider = await data.open()
  const unsupported = { code: 'NOT_SUPPORTED' }
  await expect(provider.recovery.backUp()).rejects.toMatchObject(unsupported)
  await expect(provider.recovery.restore({ path: '/nowhere' })).rejects.toMatchObject(unsupported)
  const other = await data.open()
  expect(other.backend.reused).toBe(true)
  await expect(other.recovery.startStandby()).rejects.toMatchObject(unsupported)
  await expect(data.open({ settings: { archive_command: 'true' } })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
})
