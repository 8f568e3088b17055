import {
  type AnyUserEngineError,
  ERROR_CODES,
  type ErrorCode,
  isUserEngineError,
  type Scope,
  type StoreTransaction,
} from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import type { Check } from '../../check.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'
import { PROVOKED_ERRORS } from './provoked-errors.ts'

export const ERROR_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-05.errors-say-what-to-do',
    rules: ['SHP-05', 'TXN-09'],
    title:
      'every error has its code, exactly its data, says whether to retry and what to do, and survives JSON',
    run: (context) => showErrors(context),
  },
  {
    id: 'SHP-05.missing-references-are-named',
    rules: ['SHP-05', 'TEN-04'],
    title:
      'a record that refers to what the scope does not see is NOT_FOUND with the kind and id of what is missing',
    run: (context) => showMissingReferences(context),
  },
  {
    id: 'SHP-05.first-reason-wins',
    rules: ['SHP-05', 'VAL-02'],
    title:
      'of several reasons to refuse a call the same one is given by every store: shape, scope, references, uniqueness',
    run: (context) => showOrderOfReasons(context),
  },
]

async function showErrors({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  for (const { code, provoke } of PROVOKED_ERRORS) {
    const { data, call } = await provoke(store, make)
    const error = await check.rejects(call, code, `how ${code} is met`)
    check.equal(error.data, data, `the data of ${code}`)
    assertWellFormed(check, error)
  }
  const malformed = make.user({ displayName: 'x'.repeat(257) })
  const inputError = await check.rejects(
    store.transact(ACME, (tx) => tx.users.insert(malformed)),
    'VALIDATION',
    'a malformed record',
  )
  const [issue] = inputError.data.issues
  check.equal([inputError.data.issues.length, issue?.path], [1, 'displayName'], 'the issues of VALIDATION')
  check.ok((issue?.expected.length ?? 0) > 0, 'the issue says what would be correct', issue)
  assertWellFormed(check, inputError)
  const scopeError = await check.rejects(
    store.read({ tenantId: '' }, () => 1),
    'SCOPE_INVALID',
    'no tenant',
  )
  check.equal(
    scopeError.data.issues.map(({ path }) => path),
    ['tenantId'],
    'the data of SCOPE_INVALID',
  )
  assertWellFormed(check, scopeError)
  const cursor = store.read(ACME, (reader) => reader.users.list({ cursor: 'none of ours' }))
  const cursorError = await check.rejects(cursor, 'CURSOR_INVALID', 'no cursor')
  check.ok(cursorError.data.list.length > 0, 'the list of CURSOR_INVALID', cursorError.data)
  assertWellFormed(check, cursorError)
  const closed = await open()
  await closed.close()
  const closedError = await check.rejects(closed.readiness(), 'STORE_CLOSED', 'a closed store')
  check.equal(closedError.data, {}, 'the data of STORE_CLOSED')
  assertWellFormed(check, closedError)
}

function assertWellFormed(check: Check, error: AnyUserEngineError): void {
  const { code, retryable, remedy, message, data } = error
  const facts = ERROR_CODES[code]
  check.ok(error instanceof Error, `${code} is an Error`)
  check.ok(isUserEngineError(error, code), `${code} is recognised by its brand`)
  check.equal(retryable, facts.retryable, `whether ${code} may be retried`)
  check.ok(typeof remedy === 'string' && remedy.length > 0, `${code} has a remedy`, remedy)
  check.ok(typeof message === 'string' && message.length > 0, `${code} has a message`, message)
  const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
  check.equal(
    [json['code'], json['retryable'], json['remedy'], json['data']],
    [code, retryable, remedy, data],
    `${code} after JSON`,
  )
  check.ok(!('stack' in json) && !('cause' in json), `${code} is serialised without stack and cause`, json)
}

async function showMissingReferences({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { user, account, tenantAccount } = await make.addMember(store, ACME.tenantId)
  const { application, catalog } = await make.addApplication(store)
  const stranger = await make.addMember(store, ACME.tenantId)
  const nobody = make.id()
  const inApplication = { level: 'application', ...ACME, applicationId: nobody } as const
  const missing: readonly (readonly [string, string, Scope, (tx: StoreTransaction) => Promise<void>])[] = [
    ['user', 'an account', ACME, (tx) => tx.accounts.insert(make.account(nobody))],
    ['user', 'an account', PLATFORM, (tx) => tx.accounts.insert(make.account(nobody))],
    ['user', 'an identity', ACME, (tx) => tx.externalIdentities.insert(make.identity(nobody))],
    ['user', 'an identity', PLATFORM, (tx) => tx.externalIdentities.insert(make.identity(nobody))],
    [
      'account',
      'a tenant account',
      ACME,
      (tx) => tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, { ...account, id: nobody })),
    ],
    [
      'account',
      'a tenant account',
      PLATFORM,
      (tx) => tx.tenantAccounts.insert(make.tenantAccount(OTHER.tenantId, { ...account, id: nobody })),
    ],
    ['application', 'a catalog', PLATFORM, (tx) => tx.catalogs.insert(make.catalog(nobody))],
    [
      'application',
      'a binding',
      ACME,
      (tx) => tx.applicationBindings.insert(make.binding(ACME.tenantId, catalog, { applicationId: nobody })),
    ],
    [
      'catalog',
      'a binding',
      ACME,
      (tx) => tx.applicationBindings.insert(make.binding(ACME.tenantId, { ...catalog, id: nobody })),
    ],
    [
      'tenant-account',
      'a membership',
      ACME,
      (tx) => tx.memberships.insert(make.membership({ ...tenantAccount, id: nobody })),
    ],
    [
      'user',
      'a global value',
      ACME,
      (tx) => tx.profileValues.insert(make.profileValue(nobody, { level: 'global' }, 1)),
    ],
    [
      'user',
      'a global value',
      PLATFORM,
      (tx) => tx.profileValues.insert(make.profileValue(nobody, { level: 'global' }, 1)),
    ],
    [
      'application',
      'an application value',
      ACME,
      (tx) => tx.profileValues.insert(make.profileValue(user.id, inApplication, 1)),
    ],
  ]
  for (const [entity, record, scope, insert] of missing) {
    const what = `${record} without its ${entity}`
    const error = await check.rejects(store.transact(scope, insert), 'NOT_FOUND', what)
    check.equal(error.data, { entity, id: nobody }, `what is missing for ${what}`)
  }
  const misfit = make.tenantAccount(OTHER.tenantId, { ...account, userId: stranger.user.id })
  const misfitError = await check.rejects(
    store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(misfit)),
    'NOT_FOUND',
    'a tenant account whose account belongs to somebody else',
  )
  check.equal(misfitError.data, { entity: 'account', id: account.id }, 'which account is not there')
  const rebind = make.binding(ACME.tenantId, catalog)
  await store.transact(ACME, (tx) => tx.applicationBindings.insert(rebind))
  const unpinned = make.update(rebind.id, 1, { catalogId: nobody })
  const unpinnedError = await check.rejects(
    store.transact(ACME, (tx) => tx.applicationBindings.update(unpinned)),
    'NOT_FOUND',
    'a binding that is moved to a catalog that is not there',
  )
  check.equal(unpinnedError.data, { entity: 'catalog', id: nobody }, 'which catalog is not there')
  check.equal(
    await store.read(ACME, (reader) => reader.applicationBindings.findByApplication(application.id)),
    rebind,
    'the binding afterwards',
  )
}

async function showOrderOfReasons({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { user, account, tenantAccount } = await make.addMember(store, ACME.tenantId)
  const { catalog } = await make.addApplication(store)
  const published = make.catalog(null, { status: 'published' })
  await store.transact(PLATFORM, (tx) => tx.catalogs.insert(published))
  const nobody = make.id()
  const refused: readonly (readonly [ErrorCode, string, Scope, (tx: StoreTransaction) => Promise<void>])[] = [
    [
      'VALIDATION',
      'malformed, and of another tenant',
      ACME,
      (tx) => tx.audit.append(make.audit(OTHER.tenantId, { action: '' })),
    ],
    [
      'VALIDATION',
      'malformed, and not written in this kind of scope',
      ACME,
      (tx) => tx.applications.insert(make.application({ key: 'No Key' })),
    ],
    [
      'TENANT_BOUNDARY',
      'of another tenant, and without what it refers to',
      ACME,
      (tx) =>
        tx.memberships.insert(make.membership({ ...tenantAccount, tenantId: OTHER.tenantId, id: nobody })),
    ],
    [
      'SCOPE_NOT_ALLOWED',
      'not written in this kind of scope, and without what it refers to',
      PLATFORM,
      (tx) => tx.applicationBindings.insert(make.binding(ACME.tenantId, { ...catalog, id: nobody })),
    ],
    [
      'SCOPE_NOT_ALLOWED',
      'an update that is not made in this kind of scope, of an unknown record',
      ACME,
      (tx) => tx.catalogs.update(make.update(nobody, 1, {})),
    ],
    [
      'NOT_FOUND',
      'without what it refers to, and with an id that is taken',
      ACME,
      (tx) => tx.accounts.insert(make.account(nobody, { id: account.id })),
    ],
    [
      'NOT_FOUND',
      'without what it refers to, and with a key that is taken',
      ACME,
      (tx) => tx.tenantAccounts.insert({ ...tenantAccount, id: make.id(), userId: nobody }),
    ],
    [
      'VERSION_CONFLICT',
      'an update with another version, in a state that forbids it',
      PLATFORM,
      (tx) => tx.catalogs.update(make.update(published.id, 5, { attributes: [] })),
    ],
    [
      'VALIDATION',
      'an update that is malformed, of an unknown record',
      ACME,
      (tx) => tx.users.update(make.update(nobody, 0, {})),
    ],
    [
      'DUPLICATE_KEY',
      'an id that is taken, with everything else in order',
      ACME,
      (tx) => tx.accounts.insert(make.account(user.id, { id: account.id })),
    ],
  ]
  for (const [code, what, scope, write] of refused)
    await check.rejects(store.transact(scope, write), code, what)
}
