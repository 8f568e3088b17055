// Records for cases: every id, name and instant comes from the seed, so that a run can be repeated.
import type {
  Account,
  Application,
  ApplicationBinding,
  AttributeDefinition,
  AuditRecord,
  Catalog,
  ExternalIdentity,
  Id,
  Instant,
  JsonValue,
  Membership,
  OutboxEvent,
  ProfileScope,
  ProfileValue,
  Scope,
  StoreTransaction,
  TenantAccount,
  User,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { createRandom } from './random.ts'

export const PLATFORM: Scope = { platform: true, reason: 'conformance' }

/** Two tenants whose ids differ only in case: a store that compares loosely mixes them up [IDN-04]. */
export const ACME = { tenantId: 'acme' } as const
export const OTHER = { tenantId: 'Acme' } as const

/** A user with an account and its presence in one tenant. */
export interface Member {
  readonly user: User
  readonly account: Account
  readonly tenantAccount: TenantAccount
}

/** Makes records that are valid unless a change says otherwise. */
export interface RecordMaker {
  id(): Id
  /** Instants one millisecond apart, in the order they are asked for. */
  instant(): Instant
  user(changes?: Partial<User>): User
  account(userId: Id, changes?: Partial<Account>): Account
  tenantAccount(tenantId: string, account: Account, changes?: Partial<TenantAccount>): TenantAccount
  identity(userId: Id, changes?: Partial<ExternalIdentity>): ExternalIdentity
  application(changes?: Partial<Application>): Application
  attribute(changes?: Partial<AttributeDefinition>): AttributeDefinition
  catalog(applicationId: Id | null, changes?: Partial<Catalog>): Catalog
  binding(tenantId: string, catalog: Catalog, changes?: Partial<ApplicationBinding>): ApplicationBinding
  membership(tenantAccount: TenantAccount, changes?: Partial<Membership>): Membership
  profileValue(
    userId: Id,
    scope: ProfileScope,
    value: JsonValue,
    changes?: Partial<ProfileValue>,
  ): ProfileValue
  audit(tenantId: string | null, changes?: Partial<AuditRecord>): AuditRecord
  event(tenantId: string | null, changes?: Partial<OutboxEvent>): OutboxEvent
  /** Writes a member of a tenant. */
  addMember(store: UserEngineStore, tenantId: string): Promise<Member>
  /** Queues the writes of a member without awaiting them. */
  insertMember(tx: StoreTransaction, tenantId: string): Member
}

export function createRecordMaker(seed: number): RecordMaker {
  return new SeededRecords(seed)
}

const EPOCH_MS = Date.UTC(2026, 0, 1)

class SeededRecords implements RecordMaker {
  readonly #random: () => number
  #count = 0

  constructor(seed: number) {
    this.#random = createRandom(seed)
  }

  id(): Id {
    const time = (EPOCH_MS + this.#next()).toString(16).padStart(12, '0')
    const hex = (digits: number) =>
      Array.from({ length: digits }, () => Math.floor(this.#random() * 16).toString(16)).join('')
    const variant = '89ab'[Math.floor(this.#random() * 4)]
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`
  }

  instant(): Instant {
    return new Date(EPOCH_MS + this.#next()).toISOString()
  }

  user(changes?: Partial<User>): User {
    const base = { id: this.id(), kind: 'person', displayName: 'Ada Lovelace', status: 'active' } as const
    return { ...base, ...this.#born(), ...changes }
  }

  account(userId: Id, changes?: Partial<Account>): Account {
    const base = { id: this.id(), userId, kind: 'human', name: null, status: 'active' } as const
    return { ...base, ...this.#born(), ...changes }
  }

  tenantAccount(tenantId: string, account: Account, changes?: Partial<TenantAccount>): TenantAccount {
    const base = {
      id: this.id(),
      tenantId,
      accountId: account.id,
      userId: account.userId,
      status: 'active',
    } as const
    return { ...base, ...this.#born(), ...changes }
  }

  identity(userId: Id, changes?: Partial<ExternalIdentity>): ExternalIdentity {
    const base = {
      id: this.id(),
      userId,
      issuer: 'https://issuer.example',
      subject: `subject-${this.#next()}`,
    }
    return { ...base, ...this.#born(), ...changes }
  }

  application(changes?: Partial<Application>): Application {
    const base = {
      id: this.id(),
      key: `application-${this.#next()}`,
      name: 'Application',
      status: 'active',
    } as const
    return { ...base, ...this.#born(), ...changes }
  }

  attribute(changes?: Partial<AttributeDefinition>): AttributeDefinition {
    return {
      ...{ key: 'nickname', type: 'string', description: null, constraints: {}, required: false },
      ...{
        classification: 'internal',
        viewers: ['self'],
        editors: ['self'],
        levels: ['global', 'tenant', 'application'],
      },
      ...changes,
    } as AttributeDefinition
  }

  catalog(applicationId: Id | null, changes?: Partial<Catalog>): Catalog {
    const base = {
      id: this.id(),
      applicationId,
      key: `catalog-${this.#next()}`,
      catalogVersion: 1,
      status: 'draft',
    } as const
    return { ...base, attributes: [this.attribute()], breakingChanges: [], ...this.#born(), ...changes }
  }

  binding(tenantId: string, catalog: Catalog, changes?: Partial<ApplicationBinding>): ApplicationBinding {
    const applicationId = catalog.applicationId ?? this.id()
    const base = { id: this.id(), tenantId, applicationId, catalogId: catalog.id, status: 'enabled' } as const
    return { ...base, ...this.#born(), ...changes }
  }

  membership({ id, tenantId }: TenantAccount, changes?: Partial<Membership>): Membership {
    const base = {
      id: this.id(),
      tenantId,
      tenantAccountId: id,
      group: 'staff',
      role: `role-${this.#next()}`,
    }
    return { ...base, validFrom: null, validUntil: null, ...this.#born(), ...changes }
  }

  profileValue(
    userId: Id,
    scope: ProfileScope,
    value: JsonValue,
    changes?: Partial<ProfileValue>,
  ): ProfileValue {
    const provenance = {
      source: 'conformance',
      actor: { type: 'system', id: 'kit' },
      catalogId: this.id(),
      catalogVersion: 1,
    } as const
    const base = {
      id: this.id(),
      userId,
      scope,
      attributeKey: `attribute-${this.#next()}`,
      value,
      provenance,
    }
    return { ...base, ...this.#born(), ...changes }
  }

  audit(tenantId: string | null, changes?: Partial<AuditRecord>): AuditRecord {
    return {
      ...{
        id: this.id(),
        tenantId,
        occurredAt: this.instant(),
        actor: { type: 'system', id: 'kit' },
        action: 'user.update',
      },
      ...{
        target: { type: 'user', id: this.id() },
        outcome: 'allowed',
        reason: null,
        changedFields: ['displayName'],
      },
      ...{ correlationId: null, causationId: null },
      ...changes,
    } as AuditRecord
  }

  event(tenantId: string | null, changes?: Partial<OutboxEvent>): OutboxEvent {
    return {
      ...{
        id: this.id(),
        tenantId,
        aggregateType: 'user',
        aggregateId: this.id(),
        type: 'user-engine.user.updated',
      },
      ...{ schemaVersion: 1, payload: { n: this.#next() }, occurredAt: this.instant() },
      ...{ correlationId: null, causationId: null },
      ...changes,
    }
  }

  async addMember(store: UserEngineStore, tenantId: string): Promise<Member> {
    return await store.transact({ tenantId }, (tx) => this.insertMember(tx, tenantId))
  }

  insertMember(tx: StoreTransaction, tenantId: string): Member {
    const user = this.user()
    const account = this.account(user.id)
    const tenantAccount = this.tenantAccount(tenantId, account)
    void tx.users.insert(user)
    void tx.accounts.insert(account)
    void tx.tenantAccounts.insert(tenantAccount)
    return { user, account, tenantAccount }
  }

  #next(): number {
    this.#count += 1
    return this.#count
  }

  #born(): { version: number; createdAt: Instant; updatedAt: Instant } {
    const createdAt = this.instant()
    return { version: 1, createdAt, updatedAt: createdAt }
  }
}
