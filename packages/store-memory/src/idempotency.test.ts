import type { StoreTransaction } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import { createGate, makeUser, PLATFORM } from './testing/records.ts'

const OPTIONS = { idempotency: { key: 'key', fingerprint: 'one' } }

test.each<[string, (tx: StoreTransaction) => Promise<unknown>]>([
  ['a record that the handle answered with', (tx) => tx.users.get(makeUser(1).id)],
  ['a page that the handle answered with', (tx) => tx.users.list()],
  ['what work made of an answer', async (tx) => ({ ...(await tx.users.get(makeUser(1).id)) })],
  ['nothing', async () => undefined],
])(
  '%s is given again as it was first, whatever its first caller did with it [TXN-04]',
  async (_name, read) => {
    const store = createMemoryStore()
    const run = () =>
      store.transact(
        PLATFORM,
        (tx) => {
          void tx.users.insert(makeUser(1))
          return read(tx)
        },
        OPTIONS,
      )
    const first = await run()
    const copy = structuredClone(first)
    for (const changed of [first, (first as { items?: unknown[] } | undefined)?.items]) {
      if (changed !== undefined && !Object.isFrozen(changed))
        Object.assign(changed as object, { 0: 'changed' })
    }
    expect(await run()).toEqual(copy)
  },
)

test('of two calls at once the second gives the result of the first, also when neither writes anything', async () => {
  const store = createMemoryStore()
  const [one, other] = [createGate(), createGate()]
  const run = (gate: ReturnType<typeof createGate>, result: string) =>
    store.transact(PLATFORM, () => gate.opened.then(() => result), OPTIONS)
  const first = run(one, 'first')
  const second = run(other, 'second')
  one.open()
  expect(await first).toBe('first')
  other.open()
  expect(await second).toBe('first')
})
