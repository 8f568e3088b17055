import { expect, test } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import { makeApplication, PLATFORM } from './testing/records.ts'

test('a write that is called inside a read, against its type, is refused and does nothing', async () => {
  const store = createMemoryStore()
  const application = makeApplication(1)
  const write = (reader: object) => {
    const { applications } = reader as { applications: { insert(record: object): Promise<void> } }
    return applications.insert(application)
  }
  await expect(store.read(PLATFORM, write)).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    data: { capability: 'writes inside a read' },
  })
  expect(await store.read(PLATFORM, (reader) => reader.applications.get(application.id))).toBeNull()

  let ended: object = {}
  await store.read(PLATFORM, (reader) => {
    ended = reader
  })
  await expect(write(ended)).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
})
