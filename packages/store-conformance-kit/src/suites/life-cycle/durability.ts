import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable } from '../../case.ts'
import { ACME } from '../../records.ts'
import { type Collected, collect, findHalves } from './collect.ts'

export const DURABILITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'LIF-03.acknowledged-commits-survive',
    tier: 'D1',
    rules: ['LIF-03', 'TXN-01', 'OBX-01'],
    title:
      'every commit that was acknowledged before the backend was killed is there afterwards, whole, with its event',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 90_000,
    run: (context) => showDurability(context),
  },
]

async function showDurability({ backend, open, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const acknowledged: string[] = []
  const attempted: string[] = []
  let down = false
  const write = async () => {
    while (!down) {
      const { user, event, audit } = {
        user: make.user(),
        event: make.event(ACME.tenantId),
        audit: make.audit(ACME.tenantId),
      }
      attempted.push(user.id)
      const account = make.account(user.id)
      const commit = store.transact(
        ACME,
        (tx) => {
          void tx.users.insert(user)
          void tx.accounts.insert(account)
          void tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
          void tx.audit.append({ ...audit, target: { type: 'user', id: user.id } })
          void tx.outbox.append({ ...event, aggregateId: user.id })
        },
        { timeoutMs: 3_000 },
      )
      await commit.then(
        () => acknowledged.push(user.id),
        // A store that refuses at once leaves no turn to anybody else.
        () => delay(1),
      )
    }
  }
  const writers = Promise.all([write(), write(), write(), write()])
  await check.eventually(
    async () => (acknowledged.length >= 40 ? true : undefined),
    'writers are at work',
    20_000,
  )
  await backend.kill()
  down = true
  await writers
  await backend.start()
  const fresh = await open()
  const found = await check.eventually(
    () => collectOnceItAnswers(fresh),
    'a new store reads everything',
    20_000,
  )
  const has = (set: ReadonlySet<string>) => (id: string) => set.has(id)
  check.equal(
    acknowledged.filter((id) => !found.users.has(id)),
    [],
    'acknowledged users that are lost',
  )
  check.equal(
    [...found.users].filter((id) => !has(new Set(attempted))(id)),
    [],
    'users nobody wrote',
  )
  check.equal(findHalves(found), [], 'users without audit record or event, or the other way round')
  check.ok(attempted.length > acknowledged.length, 'writes were under way when the backend was killed', [
    attempted.length,
    acknowledged.length,
  ])
  note(`${acknowledged.length} acknowledged of ${attempted.length} attempted`)
}

// The backend has just come back: until it answers, there is nothing to read.
async function collectOnceItAnswers(store: UserEngineStore): Promise<Collected | undefined> {
  return await collect(store).catch((error: unknown) => {
    if (isUserEngineError(error)) return undefined
    throw error
  })
}
