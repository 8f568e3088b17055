import type { CaseContext, ConformanceCase } from '../case.ts'
import { PLATFORM } from '../records.ts'
import { VERSIONED_KINDS, type VersionedKind } from './versioned-kinds.ts'

export const VERSION_CASES: readonly ConformanceCase[] = [
  {
    id: 'VER-01.new-records-have-version-1',
    rules: ['VER-01'],
    title: 'a record that is inserted with another version than 1 is refused',
    async run({ open, check, make }) {
      const store = await open()
      for (const version of [0, 2, 1.5, -1]) {
        const call = store.transact(PLATFORM, (tx) => tx.users.insert(make.user({ version })))
        const error = await check.rejects(call, 'VALIDATION', `version ${version}`)
        check.equal(error.data.issues[0]?.path, 'version', 'the path of the issue')
      }
    },
  },
  ...VERSIONED_KINDS.map(
    (kind): ConformanceCase => ({
      id: `VER-02.versions-of-${[kind.entity, kind.level].filter((part) => part !== undefined).join('-')}`,
      rules: ['VER-02', 'VER-01', 'VER-03'],
      title: `changes of a ${kind.entity} name the expected version, raise it by one, and one of eight concurrent ones wins`,
      run: (context) => showVersions(context, kind),
    }),
  ),
  {
    id: 'VER-02.absent-and-null-in-changes',
    rules: ['VER-02', 'VAL-03'],
    title:
      'a change sets what it names, to null as well, and leaves the rest; an empty one still raises the version',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user({ displayName: 'Ada' })
      await store.transact(PLATFORM, (tx) => tx.users.insert(user))
      const steps = [
        { set: { status: 'suspended' }, expected: { displayName: 'Ada', status: 'suspended' } },
        { set: { displayName: null }, expected: { displayName: null, status: 'suspended' } },
        { set: {}, expected: { displayName: null, status: 'suspended' } },
        {
          set: { displayName: 'Grace', status: 'active' },
          expected: { displayName: 'Grace', status: 'active' },
        },
      ] as const
      for (const [index, { set, expected }] of steps.entries()) {
        const updatedAt = make.instant()
        await store.transact(PLATFORM, (tx) =>
          tx.users.update({ id: user.id, expectedVersion: index + 1, set, updatedAt }),
        )
        const after = await store.read(PLATFORM, (reader) => reader.users.get(user.id))
        check.equal(after, { ...user, ...expected, version: index + 2, updatedAt }, `after step ${index + 1}`)
      }
    },
  },
  {
    id: 'VER-02.published-catalogs-do-not-change',
    rules: ['VER-02'],
    title: 'attributes of a catalog change while it is a draft and are INVALID_STATE afterwards',
    async run({ open, check, make }) {
      const store = await open()
      const catalog = make.catalog(null)
      const attributes = [make.attribute({ key: 'other' })]
      const update = (expectedVersion: number, set: object) =>
        store.transact(PLATFORM, (tx) =>
          tx.catalogs.update({ id: catalog.id, expectedVersion, set, updatedAt: make.instant() }),
        )
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      await update(1, { attributes })
      await update(2, { status: 'published', breakingChanges: [] })
      const refused = await check.rejects(
        update(3, { attributes: [] }),
        'INVALID_STATE',
        'attributes of a published catalog',
      )
      check.equal(
        refused.data,
        { entity: 'catalog', id: catalog.id, state: 'published', allowed: ['draft'] },
        'the error data',
      )
      await update(3, { status: 'retired' })
      const after = await store.read(PLATFORM, (reader) => reader.catalogs.get(catalog.id))
      check.equal([after?.status, after?.attributes], ['retired', attributes], 'the catalog afterwards')
    },
  },
]

async function showVersions({ open, check, make }: CaseContext, kind: VersionedKind): Promise<void> {
  const store = await open()
  const { entity, scope } = kind
  const record = await kind.prepare(store, make)
  const change = record.update ?? record.delete
  if (change === null) throw new Error('a versioned kind has an update or a delete')
  const run = (id: string, expectedVersion: number, call = change) =>
    store.transact(scope, (tx) => call(tx, id, expectedVersion, make.instant()))

  const stale = await check.rejects(run(record.id, 7), 'VERSION_CONFLICT', 'a change with another version')
  check.equal(
    stale.data,
    { entity, id: record.id, expectedVersion: 7, currentVersion: 1 },
    'what the conflict says',
  )
  const unknown = make.id()
  const missing = await check.rejects(run(unknown, 1), 'NOT_FOUND', 'a change of an unknown record')
  check.equal(missing.data, { entity, id: unknown }, 'what NOT_FOUND says')
  check.equal(
    (await store.read(scope, (reader) => record.get(reader)))?.version,
    1,
    'the version after refused changes',
  )

  const results = await Promise.allSettled(Array.from({ length: 8 }, () => run(record.id, 1)))
  check.equal(
    results.filter(({ status }) => status === 'fulfilled').length,
    1,
    'winners among eight concurrent changes',
  )
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const codes =
      record.update === null ? (['NOT_FOUND', 'VERSION_CONFLICT'] as const) : (['VERSION_CONFLICT'] as const)
    await check.rejects(Promise.reject(result.reason), [...codes, 'SERIALIZATION_CONFLICT'], 'a loser')
  }
  const after = await store.read(scope, (reader) => record.get(reader))
  check.equal(after?.version ?? null, record.update === null ? null : 2, 'the version after one change')

  if (record.update === null || record.delete === null) return
  await check.rejects(run(record.id, 1, record.delete), 'VERSION_CONFLICT', 'a delete with an old version')
  await run(record.id, 2, record.delete)
  check.equal(await store.read(scope, (reader) => record.get(reader)), null, 'the record after its delete')
  await check.rejects(run(record.id, 2, record.delete), 'NOT_FOUND', 'a second delete')
}
