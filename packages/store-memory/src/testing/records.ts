import type {
  Account,
  Application,
  AuditRecord,
  Catalog,
  ExternalIdentity,
  Id,
  Membership,
  OutboxEvent,
  ProfileValue,
  TenantAccount,
  TenantId,
  User,
  UserEngineStore,
} from '@user-engine/store-protocol'

export const AT = '2026-01-31T09:30:00.000Z'
export const PLATFORM = { platform: true, reason: 'test' } as const
export const ACME = { tenantId: 'acme' } as const
export const OTHER = { tenantId: 'other' } as const

/** The n-th id: ids sort as their numbers do. */
export function idOf(n: number): Id {
  return `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`
}

const KEPT = { version: 1, createdAt: AT, updatedAt: AT } as const

export function makeUser(n: number, fields: Partial<User> = {}): User {
  return { id: idOf(n), kind: 'person', displayName: 'Ada', status: 'active', ...KEPT, ...fields }
}

export function makeAccount(n: number, userId: Id): Account {
  return { id: idOf(n), userId, kind: 'human', name: null, status: 'active', ...KEPT }
}

export function makeTenantAccount(n: number, account: Account, tenantId: TenantId = 'acme'): TenantAccount {
  return { id: idOf(n), tenantId, accountId: account.id, userId: account.userId, status: 'active', ...KEPT }
}

export function makeIdentity(n: number, userId: Id, subject = `subject ${n}`): ExternalIdentity {
  return { id: idOf(n), userId, issuer: 'https://issuer.example', subject, ...KEPT }
}

export function makeApplication(n: number): Application {
  return { id: idOf(n), key: `application-${n}`, name: 'Application', status: 'active', ...KEPT }
}

export function makeCatalog(n: number, fields: Partial<Catalog> = {}): Catalog {
  return {
    id: idOf(n),
    applicationId: null,
    key: 'profile',
    catalogVersion: 1,
    status: 'draft',
    attributes: [],
    breakingChanges: [],
    ...KEPT,
    ...fields,
  }
}

export function makeProfileValue(n: number, userId: Id, fields: Partial<ProfileValue> = {}): ProfileValue {
  return {
    id: idOf(n),
    userId,
    scope: { level: 'global' },
    attributeKey: 'color',
    value: 'green',
    provenance: {
      source: 'test',
      actor: { type: 'system', id: 'test' },
      catalogId: idOf(1),
      catalogVersion: 1,
    },
    ...KEPT,
    ...fields,
  }
}

export function makeMembership(
  n: number,
  tenantAccount: TenantAccount,
  fields: Partial<Membership> = {},
): Membership {
  return {
    id: idOf(n),
    tenantId: tenantAccount.tenantId,
    tenantAccountId: tenantAccount.id,
    group: 'staff',
    role: 'member',
    validFrom: null,
    validUntil: null,
    ...KEPT,
    ...fields,
  }
}

export function makeAudit(n: number, fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: idOf(n),
    tenantId: 'acme',
    occurredAt: AT,
    actor: { type: 'user', id: 'ada' },
    action: 'user.update',
    target: { type: 'user', id: 'ben' },
    outcome: 'allowed',
    reason: null,
    changedFields: [],
    correlationId: null,
    causationId: null,
    ...fields,
  }
}

export function makeEvent(n: number, fields: Partial<OutboxEvent> = {}): OutboxEvent {
  return {
    id: idOf(n),
    tenantId: 'acme',
    aggregateType: 'user',
    aggregateId: 'ada',
    type: 'user-engine.user.updated',
    schemaVersion: 1,
    payload: {},
    occurredAt: AT,
    correlationId: null,
    causationId: null,
    ...fields,
  }
}

/** A user with an account in a tenant; the ids are `n`, `n + 1` and `n + 2`. */
export async function addMember(store: UserEngineStore, n: number, tenantId: TenantId = 'acme') {
  const user = makeUser(n)
  const account = makeAccount(n + 1, user.id)
  const tenantAccount = makeTenantAccount(n + 2, account, tenantId)
  await store.transact(PLATFORM, (tx) => {
    void tx.users.insert(user)
    void tx.accounts.insert(account)
    void tx.tenantAccounts.insert(tenantAccount)
  })
  return { user, account, tenantAccount }
}

/** A promise that the test resolves. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** The code an expected failure has, or what came instead. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { result: await call }
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error
  }
}
