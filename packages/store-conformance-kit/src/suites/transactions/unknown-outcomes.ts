import { setTimeout as delay } from 'node:timers/promises'
import {
  isUserEngineError,
  type StoreTransaction,
  type User,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable, onlyRemote } from '../../case.ts'
import { ACME, type RecordMaker } from '../../records.ts'

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
  {
    id: 'TXN-04.lost-answer-to-a-commit',
    rules: ['TXN-04', 'TXN-01'],
    title:
      'when the answer to a commit that happened is lost the outcome is unknown, and a repeat with the same key returns the first result',
    notFor: onlyRemote,
    needs: ['network'],
    run: showLostAnswer,
  },
  {
    id: 'TXN-04.lost-commit',
    rules: ['TXN-04', 'TXN-01', 'TXN-02'],
    title:
      'when a commit is lost on its way its success is not claimed and nothing of it is there, and a repeat with the same key does the work',
    notFor: onlyRemote,
    needs: ['network'],
    run: showLostCommit,
  },
]

async function showLostAnswer({ open, openThroughNetwork, check, make }: CaseContext): Promise<void> {
  const { store, network } = await openThroughNetwork()
  const witness = await open()
  const { user, insert, options } = await prepareCommit(store, make)
  const committing = store.transact(
    ACME,
    async (tx) => {
      await insert(tx)
      network.loseAnswers()
      return user.id
    },
    options,
  )
  committing.catch(() => {})
  const has = () => witness.read(ACME, (reader) => reader.users.get(user.id))
  await check.eventually(async () => (await has()) ?? undefined, 'the commit happens')
  network.cut()
  const error = await check.rejects(committing, 'OUTCOME_UNKNOWN', 'the commit whose answer is lost')
  check.equal(error.data, { idempotent: true }, 'it says that the call had a key')
  const repeat = (again: UserEngineStore) =>
    again.transact(
      ACME,
      async (tx) => {
        await insert(tx)
        return 'the work was done again'
      },
      options,
    )
  check.equal(await repeat(witness), user.id, 'a repeat on another instance')
  check.equal(await repeat(store), user.id, 'a repeat on the same one')
}

async function showLostCommit({ open, openThroughNetwork, check, make }: CaseContext): Promise<void> {
  const { store, network } = await openThroughNetwork()
  const witness = await open()
  const { user, insert, options } = await prepareCommit(store, make)
  const lost = Promise.withResolvers<void>()
  const committing = store.transact(
    ACME,
    async (tx) => {
      await insert(tx)
      network.loseRequests().then(lost.resolve, lost.reject)
      return user.id
    },
    options,
  )
  committing.catch(() => {})
  await lost.promise
  network.cut()
  // Whoever sent it cannot know how far it came.
  await check.rejects(committing, ['OUTCOME_UNKNOWN', 'UNAVAILABLE'], 'the commit that is lost')
  const seen = await witness.read(ACME, (reader) => reader.users.get(user.id))
  check.equal(seen, null, 'what the lost commit left')
  const work = store.transact(
    ACME,
    async (tx) => {
      await insert(tx)
      return user.id
    },
    options,
  )
  check.equal(await work, user.id, 'a repeat on the same instance')
  check.equal(await witness.read(ACME, (reader) => reader.users.get(user.id)), user, 'the user afterwards')
}

/** Work that is on its way to the backend before its commit is. */
async function prepareCommit(store: UserEngineStore, make: RecordMaker) {
  const { user, account, tenantAccount } = make.member(ACME.tenantId)
  // A connection that is there, so that nothing but the commit is disturbed.
  await store.read(ACME, (reader) => reader.users.list())
  const options = { idempotency: { key: user.id, fingerprint: 'the same' }, timeoutMs: 10_000 }
  const insert = async (tx: StoreTransaction): Promise<void> => {
    void tx.users.insert(user)
    void tx.accounts.insert(account)
    void tx.tenantAccounts.insert(tenantAccount)
    await tx.users.get(user.id)
  }
  return { user, insert, options }
}

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
    // The last one is tried while the backend is certainly away.
    for (let isLast = false; !isLast; ) {
      isLast = down
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
        // A store that refuses at once leaves no turn to anybody else.
        await delay(1)
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
