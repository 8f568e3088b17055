import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME } from '../../records.ts'
import { collect, findHalves } from '../life-cycle/collect.ts'
import { OF_PROCESSES } from './of-processes.ts'

const { tenantId } = ACME

export const KILLED_CLIENT_CASES: readonly ConformanceCase[] = [
  {
    id: 'LIF-03.killed-clients-leave-nothing-half-made',
    rules: ['LIF-03', 'TXN-01', 'TXN-02'],
    title:
      'when writing processes are killed, what they were told is committed is there, and nothing is half-made or locked',
    ...OF_PROCESSES,
    tier: 'D0',
    run: showKilledClients,
  },
]

async function showKilledClients({ open, startProcess, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, 'elsewhere')
  const [holder, ...writers] = await Promise.all([startProcess(), startProcess(), startProcess()])
  const ended: Promise<unknown>[] = []
  const acknowledged = new Set<string>()
  const enough = Promise.withResolvers<void>()
  for (const [index, writer] of writers.entries()) {
    const onProgress = (id: unknown) => {
      acknowledged.add(String(id))
      if (acknowledged.size >= 60) enough.resolve()
    }
    ended.push(writer.run('write', { tenantId, seed: index + 2 }, onProgress).catch(() => 'killed'))
  }
  await enough.promise
  await Promise.all(writers.map((process) => process.kill()))
  // After the writers: a store may let one transaction run at a time.
  const holding = Promise.withResolvers<unknown>()
  const held = { tenantId: 'elsewhere', seed: 8, userId: user.id }
  ended.push(holder.run('hold', held, holding.resolve).catch(() => 'killed'))
  await holding.promise
  await holder.kill()
  check.equal(await Promise.all(ended), ['killed', 'killed', 'killed'], 'how the processes ended')
  const found = await collect(store)
  check.equal(
    [...acknowledged].filter((id) => !found.users.has(id)),
    [],
    'acknowledged users that are lost',
  )
  check.equal(findHalves(found), [], 'users without audit record or event, or the other way round')
  // Whatever the killed transaction had locked is free again, and what it had written is gone.
  const change = make.update(user.id, 1, { displayName: 'free' })
  const update = store.transact({ tenantId: 'elsewhere' }, (tx) => tx.users.update(change), {
    timeoutMs: 10_000,
  })
  const settled = await check.settlesWithin(update, 12_000, 'a change of what a killed process had changed')
  check.equal(settled.status, 'fulfilled', 'the outcome of that change')
  note(`${acknowledged.size} commits acknowledged to processes that were killed; ${found.users.size} found`)
}
