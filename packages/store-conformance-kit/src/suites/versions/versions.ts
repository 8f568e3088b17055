import { isUserEngineError } from '@user-engine/store-protocol'
import { CHECKS_TOO_EARLY } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM, type RecordMaker } from '../../records.ts'
import { VERSIONED_KINDS, type VersionedKind } from './versioned-kinds.ts'

export const VERSION_CASES: readonly ConformanceCase[] = [
  {
    id: 'VER-01.new-records-have-version-1',
    rules: ['VER-01', 'VAL-02'],
    title: 'a record of any kind that is inserted with another version than 1 is refused',
    async run({ open, check, make }) {
      const store = await open()
      for (const { name, scope, prepare } of VERSIONED_KINDS) {
        const { insertAnother } = await prepare(store, make)
        for (const version of [0, 2, 1.5, -1]) {
          const call = store.transact(scope, (tx) => insertAnother(tx, { version }))
          const error = await check.rejects(call, 'VALIDATION', `a ${name} of version ${version}`)
          const paths = error.data.issues.map(({ path }) => path)
          check.equal(paths, ['version'], `the path of the issue of a ${name}`)
        }
        await store.transact(scope, (tx) => insertAnother(tx, { version: 1 }))
      }
    },
  },
  ...VERSIONED_KINDS.map(
    (kind): ConformanceCase => ({
      id: `VER-02.versions-of-${kind.name}`,
      rules: ['VER-02', 'VER-01'],
      title: `changes of a ${kind.name} name the expected version, change what they name and nothing else, and raise it by one`,
      run: (context) => showVersions(context, kind),
    }),
  ),
  ...VERSIONED_KINDS.map(
    (kind): ConformanceCase => ({
      id: `VER-03.one-of-many-changes-of-${kind.name}`,
      rules: ['VER-03', 'TXN-07'],
      title: `of eight concurrent changes of a ${kind.name} with one expected version exactly one succeeds`,
      run: ({ race, make }) =>
        race({ defect: CHECKS_TOO_EARLY, run: (round) => changeAtOnce(round, kind, make) }),
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
        const change = make.update(user.id, index + 1, set)
        await store.transact(PLATFORM, (tx) => tx.users.update(change))
        const after = await store.read(PLATFORM, (reader) => reader.users.get(user.id))
        const { updatedAt } = change
        check.equal(after, { ...user, ...expected, version: index + 2, updatedAt }, `after step ${index + 1}`)
      }
      const { user: changed, membership } = await store.transact(ACME, (tx) => {
        const member = make.insertMember(tx, ACME.tenantId)
        const bounded = make.membership(member.tenantAccount, { validFrom: make.instant() })
        void tx.memberships.insert(bounded)
        void tx.memberships.update(make.update(bounded.id, 1, { validUntil: bounded.createdAt }))
        void tx.memberships.update(make.update(bounded.id, 2, { validFrom: null }))
        return { ...member, membership: bounded }
      })
      const after = await store.read(ACME, (reader) => reader.memberships.get(membership.id))
      const bounds = [after?.validFrom, after?.validUntil, after?.version]
      check.equal(bounds, [null, membership.createdAt, 3], 'the validity of a membership')
      const malformed = make.update(changed.id, 0, {})
      await check.rejects(
        store.transact(ACME, (tx) => tx.users.update(malformed)),
        'VALIDATION',
        'an expected version of 0',
      )
    },
  },
  {
    id: 'VER-02.published-catalogs-do-not-change',
    rules: ['VER-02', 'SHP-05'],
    title:
      'attributes of a catalog change while it is a draft and are INVALID_STATE afterwards; its status goes on',
    run: (context) => showCatalogStates(context),
  },
]

async function showVersions({ open, check, make }: CaseContext, kind: VersionedKind): Promise<void> {
  const store = await open()
  const { entity, scope } = kind
  const { record, set, get, update, remove } = await kind.prepare(store, make)
  const change = update ?? remove
  if (change === null) throw new TypeError('a versioned kind has an update or a delete')
  const run = (id: string, expectedVersion: number, call = change) => {
    const request = { id, expectedVersion, updatedAt: make.instant() }
    return store.transact(scope, (tx) => call(tx, request))
  }

  for (const call of [update, remove]) {
    if (call === null) continue
    const stale = await check.rejects(
      run(record.id, 7, call),
      'VERSION_CONFLICT',
      'a change with another version',
    )
    const conflict = { entity, id: record.id, expectedVersion: 7, currentVersion: 1 }
    check.equal(stale.data, conflict, 'what the conflict says')
    const unknown = make.id()
    const missing = await check.rejects(run(unknown, 1, call), 'NOT_FOUND', 'a change of an unknown record')
    check.equal(missing.data, { entity, id: unknown }, 'what NOT_FOUND says')
  }
  check.equal(await store.read(scope, get), record, 'the record after refused changes')

  let current = record
  if (update !== null) {
    for (const expectedVersion of [1, 2, 3]) {
      const updatedAt = make.instant()
      await store.transact(scope, (tx) => update(tx, { id: record.id, expectedVersion, updatedAt }))
      current = { ...record, ...set, version: expectedVersion + 1, updatedAt }
      check.equal(await store.read(scope, get), current, `the record after change ${expectedVersion}`)
    }
    const behind = await check.rejects(run(record.id, 3), 'VERSION_CONFLICT', 'a change with an old version')
    check.equal(behind.data.currentVersion, 4, 'the current version that the conflict names')
  }
  if (remove === null) return
  const { version } = current
  if (version > 1)
    await check.rejects(
      run(record.id, version - 1, remove),
      'VERSION_CONFLICT',
      'a delete with an old version',
    )
  check.equal(await store.read(scope, get), current, 'the record after a refused delete')
  await run(record.id, version, remove)
  check.equal(await store.read(scope, get), null, 'the record after its delete')
  for (const call of [update, remove])
    if (call !== null)
      await check.rejects(run(record.id, version, call), 'NOT_FOUND', 'a change after the delete')
}

async function changeAtOnce(
  { stores, check }: RaceRound,
  kind: VersionedKind,
  make: RecordMaker,
): Promise<void> {
  const [store] = stores
  const { scope } = kind
  const { record, get, update, remove } = await kind.prepare(store, make)
  for (const call of [update, remove]) {
    if (call === null) continue
    const expectedVersion = call === update || update === null ? 1 : 2
    const changes = Array.from({ length: 8 }, (_, index) => {
      const request = { id: record.id, expectedVersion, updatedAt: make.instant() }
      return (stores[index % stores.length] ?? store).transact(scope, (tx) => call(tx, request))
    })
    const results = await Promise.allSettled(changes)
    const winners = results.filter(({ status }) => status === 'fulfilled')
    check.equal(winners.length, 1, 'winners among eight concurrent changes')
    const losers = results.filter((result) => result.status === 'rejected')
    for (const { reason } of losers) {
      const codes = ['VERSION_CONFLICT', 'SERIALIZATION_CONFLICT', ...(call === remove ? ['NOT_FOUND'] : [])]
      check.ok(
        isUserEngineError(reason) && codes.includes(reason.code),
        `a loser is ${codes.join(' or ')}`,
        reason,
      )
    }
    const after = await store.read(scope, get)
    check.equal(after?.version ?? null, call === remove ? null : 2, 'the version after one change')
  }
}

async function showCatalogStates({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const catalog = make.catalog(null)
  const attributes = [make.attribute({ key: 'other' })]
  const update = (expectedVersion: number, set: object) =>
    store.transact(PLATFORM, (tx) => tx.catalogs.update(make.update(catalog.id, expectedVersion, set)))
  await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
  await update(1, { attributes })
  await update(2, { status: 'published', breakingChanges: [{ attribute: 'other', kind: 'became-required' }] })
  for (const [state, version, next] of [
    ['published', 3, { status: 'retired' }],
    ['retired', 4, { status: 'published' }],
  ] as const) {
    for (const set of [{ attributes: [] }, { breakingChanges: [] }, { attributes: [], status: 'draft' }]) {
      const what = `${Object.keys(set).join(' and ')} of a catalog that is ${state}`
      const refused = await check.rejects(update(version, set), 'INVALID_STATE', what)
      const data = { entity: 'catalog', id: catalog.id, state, allowed: ['draft'] }
      check.equal(refused.data, data, `what the refusal says: ${what}`)
    }
    await update(version, next)
  }
  const after = await store.read(PLATFORM, (reader) => reader.catalogs.get(catalog.id))
  check.equal([after?.status, after?.attributes], ['published', attributes], 'the catalog afterwards')
  // Within one transaction the state is the one that its own change gave it.
  const own = store.transact(PLATFORM, (tx) => {
    const draft = make.catalog(null)
    void tx.catalogs.insert(draft)
    void tx.catalogs.update(make.update(draft.id, 1, { status: 'published' }))
    void tx.catalogs.update(make.update(draft.id, 2, { attributes: [] }))
  })
  await check.rejects(own, 'INVALID_STATE', 'attributes of a catalog that the same transaction published')
}
