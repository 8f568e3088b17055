import { CHECKS_TOO_EARLY } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import type { RecordMaker } from '../../records.ts'
import { UNIQUE_KEYS, type UniqueKey } from './unique-keys.ts'

/** Every uniqueness of the vocabulary but that of identities, which has a section of its own. */
export const UNIQUENESS_CASES: readonly ConformanceCase[] = UNIQUE_KEYS.map(
  (key): ConformanceCase => ({
    id: `IDN-03.unique-${key.name}`,
    rules: ['IDN-03', 'TXN-01'],
    title: `${key.name.replaceAll('-', ' ')} is unique: among concurrent inserts, one after the other, and within one transaction`,
    run: (context) => showUniqueness(context, key),
  }),
)

async function showUniqueness({ open, race, check, make }: CaseContext, key: UniqueKey): Promise<void> {
  const store = await open()
  const { scope, error: expected } = key
  const { insert, release } = await key.prepare(store, make)
  const count = async () => (await store.read(scope, (reader) => reader.countRecords()))[key.entity]
  const before = await count()

  const together = store.transact(scope, async (tx) => {
    await insert(tx)
    await insert(tx)
  })
  const twice = await check.rejects(together, expected.code, 'two inserts in one transaction')
  check.equal(twice.data, expected.data, 'which key the error of two inserts in one transaction names')
  const unawaited = store.transact(scope, (tx) => {
    void insert(tx)
    void insert(tx)
  })
  await check.rejects(unawaited, expected.code, 'two inserts in one transaction that are not awaited')
  check.equal(await count(), before, 'records after two inserts in one transaction')

  await race({ defect: CHECKS_TOO_EARLY, run: (round) => insertAtOnce(round, key, make) })
  await store.transact(scope, insert)
  const later = await check.rejects(store.transact(scope, insert), expected.code, 'a later insert')
  check.equal(later.data, expected.data, 'which key the error of a later insert names')
  if (release === null) return
  await store.transact(scope, release)
  await store.transact(scope, insert)
  await store.transact(scope, async (tx) => {
    await release(tx)
    await insert(tx)
  })
  await check.rejects(
    store.transact(scope, insert),
    expected.code,
    'an insert after it was freed and taken again',
  )
}

async function insertAtOnce(
  { stores, check }: RaceRound,
  { scope, error: expected, prepare }: UniqueKey,
  make: RecordMaker,
): Promise<void> {
  const [store] = stores
  const { insert } = await prepare(store, make)
  const target = { type: 'user', id: make.id() } as const
  const tenantId = 'tenantId' in scope ? scope.tenantId : null
  const attempts = Array.from({ length: 8 }, (_, index) =>
    (stores[index % stores.length] ?? store).transact(scope, async (tx) => {
      await tx.audit.append(make.audit(tenantId, { target }))
      await insert(tx)
    }),
  )
  const results = await Promise.allSettled(attempts)
  const winners = results.filter(({ status }) => status === 'fulfilled')
  check.equal(winners.length, 1, 'winners among concurrent inserts')
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const error = await check.rejects(Promise.reject(result.reason), expected.code, 'a loser')
    check.equal(error.data, expected.data, 'which key the error of a loser names')
  }
  const { items } = await store.read(scope, (reader) => reader.audit.list({ filter: { target } }))
  check.equal(items.length, 1, 'audit records of the contenders: losers leave no trace')
}
