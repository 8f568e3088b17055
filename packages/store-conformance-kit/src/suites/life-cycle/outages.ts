import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME } from '../../records.ts'

export const OUTAGE_CASES: readonly ConformanceCase[] = [
  {
    id: 'LIF-02.killed-backend',
    rules: ['LIF-02', 'TXN-09'],
    tier: 'D1',
    title:
      'while the backend is dead every call gives a typed error in time; when it is back the same store works',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 60_000,
    run: (context) => showOutage(context, 'kill', 'start'),
  },
  {
    id: 'LIF-02.paused-backend',
    rules: ['LIF-02', 'TXN-11'],
    tier: 'D3',
    title:
      'while the backend hangs every call gives a typed error within its limit; when it goes on the same store works',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 60_000,
    run: (context) => showOutage(context, 'pause', 'resume'),
  },
]

async function showOutage(
  { backend, open, check, make }: CaseContext,
  begin: 'kill' | 'pause',
  end: 'start' | 'resume',
): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, ACME.tenantId)
  const started = createGate()
  const inFlight = store.transact(
    ACME,
    async (tx) => {
      await tx.users.update({
        id: user.id,
        expectedVersion: 1,
        set: { displayName: 'in flight' },
        updatedAt: make.instant(),
      })
      await tx.users.get(user.id)
      started.open()
      await delay(50)
      await tx.users.list()
    },
    { timeoutMs: 2_000 },
  )
  const inFlightOutcome = check.rejects(
    inFlight,
    ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN'],
    'the transaction in flight',
  )
  await started.opened
  await backend[begin]()
  try {
    await check.settlesWithin(inFlight, 6_000, 'the transaction in flight')
    await inFlightOutcome
    const codes = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const
    const calls: Record<string, () => Promise<unknown>> = {
      read: () => store.read(ACME, (reader) => reader.users.get(user.id), { timeoutMs: 1_000 }),
      transact: () => store.transact(ACME, async (tx) => void (await tx.users.list()), { timeoutMs: 1_000 }),
    }
    for (const [name, call] of Object.entries(calls)) {
      const running = call()
      await check.settlesWithin(running, 4_000, `${name} with a limit of 1,000 ms`)
      await check.rejects(running, codes, name)
    }
  } finally {
    await backend[end]()
  }
  const back = await check.eventually(
    () =>
      store
        .read(ACME, (reader) => reader.users.get(user.id))
        .then(
          (found) => found ?? undefined,
          (error: unknown) => {
            if (!isUserEngineError(error)) throw error
            return undefined
          },
        ),
    'the same store reads again',
    20_000,
  )
  check.equal(back, user, 'the record: the transaction in flight left nothing')
  await store.transact(ACME, (tx) =>
    tx.users.update({
      id: user.id,
      expectedVersion: 1,
      set: { displayName: 'back' },
      updatedAt: make.instant(),
    }),
  )
}
