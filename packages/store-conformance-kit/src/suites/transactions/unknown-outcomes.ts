import { isUserEngineError, type User } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable } from '../../case.ts'
import { ACME } from '../../records.ts'

/** What a commit may fail with while the backend goes down. */
const OUTCOMES = ['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'DEADLINE_EXCEEDED', 'SERIALIZATION_CONFLICT'] as const

export const UNKNOWN_OUTCOME_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-04.unknown-outcomes-are-never-guessed',
    rules: ['TXN-04', 'LIF-02', 'LIF-03'],
    title:
      'of commits that the end of the backend interrupts, what is said to have failed has left nothing, and a repeat with the same key works once',
    notFor: onlyDurable,
    needs: ['backend'],
    tier: 'D1',
    timeoutMs: 90_000,
    run: (context) => showInterruptedCommits(context),
  },
]

interface Attempt {
  readonly user: User
  readonly key: string
  outcome: 'committed' | 'unknown' | 'failed'
}

async function showInterruptedCommits({ backend, open, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const attempts: Attempt[] = []
  const commit = async (attempt: Attempt, target = store): Promise<string> =>
    await target.transact(
      ACME,
      (tx) => {
        const account = make.account(attempt.user.id)
        void tx.users.insert(attempt.user)
        void tx.accounts.insert(account)
        void tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
        void tx.outbox.append(make.event(ACME.tenantId, { aggregateId: attempt.user.id }))
        return attempt.user.id
      },
      { idempotency: { key: attempt.key, fingerprint: attempt.key }, timeoutMs: 5_000 },
    )
  let down = false
  const write = async () => {
    while (!down) {
      const user = make.user()
      const attempt: Attempt = { user, key: user.id, outcome: 'failed' }
      attempts.push(attempt)
      try {
        await commit(attempt)
        attempt.outcome = 'committed'
      } catch (error) {
        await check.rejects(Promise.reject(error), OUTCOMES, 'a commit that was interrupted')
        // Past its time limit it may have been told too late that it was committed.
        const isUnknown =
          isUserEngineError(error, 'OUTCOME_UNKNOWN') || isUserEngineError(error, 'DEADLINE_EXCEEDED')
        if (isUserEngineError(error, 'OUTCOME_UNKNOWN'))
          check.equal(error.data, { idempotent: true }, 'OUTCOME_UNKNOWN says that the call had a key')
        attempt.outcome = isUnknown ? 'unknown' : 'failed'
      }
    }
  }
  const writers = Promise.all(Array.from({ length: 6 }, write))
  await check.eventually(
    async () => (attempts.filter(({ outcome }) => outcome === 'committed').length >= 40 ? true : undefined),
    'writers are at work',
    20_000,
  )
  await backend.kill()
  down = true
  await writers
  await backend.start()

  const has = (userId: string) => store.read(ACME, (reader) => reader.users.get(userId))
  await check.eventually(
    () =>
      has(attempts[0]?.user.id ?? '').then(
        () => true,
        () => undefined,
      ),
    'the store reads again',
    20_000,
  )
  const count = (outcome: Attempt['outcome']) =>
    attempts.filter((attempt) => attempt.outcome === outcome).length
  for (const { user, outcome } of attempts) {
    const found = await has(user.id)
    if (outcome === 'committed') check.ok(found !== null, 'what was said to be committed is there')
    if (outcome === 'failed') check.equal(found, null, 'what was said to have left nothing is not there')
  }
  for (const attempt of attempts)
    check.equal(await commit(attempt), attempt.user.id, `the repeat of what was ${attempt.outcome}`)
  const { items } = await store.read(ACME, (reader) => reader.users.list({ limit: 500 }))
  const expected = attempts.map(({ user }) => user.id).sort()
  check.equal(
    items.map(({ id }) => id),
    expected.slice(0, 500),
    'the users after every call was repeated: each once',
  )
  const counts = await store.read(ACME, (reader) => reader.countRecords())
  check.equal(
    [counts.user, counts['outbox-event']],
    [attempts.length, attempts.length],
    'users and events after every call was repeated',
  )
  note(
    `${count('committed')} commits acknowledged, ${count('unknown')} of unknown outcome, ${count('failed')} failed`,
  )
}
