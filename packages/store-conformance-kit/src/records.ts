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
  VersionedUpdate,
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
  /** A UUIDv7, later than every one before it. */
  id(): Id
  /** Instants one millisecond apart, in the order they are asked for. */
  instant(): Instant
  /** An update of the record with this id, by the clock of the maker. */
  update<Changes>(id: Id, expectedVersion: number, set: Changes): VersionedUpdate<Changes>
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
  /** A member of a tenant; nothing is written. */
  member(tenantId: string): Member
  /** Makes a member of a tenant and writes it in the tenant's scope. */
  addMember(store: UserEngineStore, tenantId: string): Promise<Member>
  /** Makes a member and queues its writes without awaiting them. */
  insertMember(tx: StoreTransaction, tenantId: string): Member
  /** Makes an application with a draft catalog and writes both. */
  addApplication(
    store: UserEngineStore,
  ): Promise<{ readonly application: Application; readonly catalog: Catalog }>
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
    const variant = '89ab'.charAt(Math.floor(this.#random() * 4))
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`
  }

  instant(): Instant {
    return new Date(EPOCH_MS + this.#next()).toISOString()
  }

  update<Changes>(id: Id, expectedVersion: number, set: Changes): VersionedUpdate<Changes> {
    return { id, expectedVersion, set, updatedAt: this.instant() }
  }

  user(changes?: Partial<User>): User {
    return {
      id: this.id(),
      kind: 'person',
      displayName: 'Ada Lovelace',
      status: 'active',
      ...this.#born(),
      ...changes,
    }
  }

  account(userId: Id, changes?: Partial<Account>): Account {
    return {
      id: this.id(),
      userId,
      kind: 'human',
      name: null,
      status: 'active',
      ...this.#born(),
      ...changes,
    }
  }

  tenantAccount(tenantId: string, account: Account, changes?: Partial<TenantAccount>): TenantAccount {
    return {
      id: this.id(),
      tenantId,
      accountId: account.id,
      userId: account.userId,
      status: 'active',
      ...this.#born(),
      ...changes,
    }
  }

  identity(userId: Id, changes?: Partial<ExternalIdentity>): ExternalIdentity {
    return {
      id: this.id(),
      userId,
      issuer: 'https://issuer.example',
      subject: `subject-${this.#next()}`,
      ...this.#born(),
      ...changes,
    }
  }

  application(changes?: Partial<Application>): Application {
    return {
      id: this.id(),
      key: `application-${this.#next()}`,
      name: 'Application',
      status: 'active',
      ...this.#born(),
      ...changes,
    }
  }

  attribute(changes?: Partial<AttributeDefinition>): AttributeDefinition {
    return {
      key: 'nickname',
      type: 'string',
      description: null,
      constraints: {},
      required: false,
      classification: 'internal',
      viewers: ['self'],
      editors: ['self'],
      levels: ['global', 'tenant', 'application'],
      ...changes,
    }
  }

  catalog(applicationId: Id | null, changes?: Partial<Catalog>): Catalog {
    return {
      id: this.id(),
      applicationId,
      key: `catalog-${this.#next()}`,
      catalogVersion: 1,
      status: 'draft',
      attributes: [this.attribute()],
      breakingChanges: [],
      ...this.#born(),
      ...changes,
    }
  }

  binding(tenantId: string, catalog: Catalog, changes?: Partial<ApplicationBinding>): ApplicationBinding {
    return {
      id: this.id(),
      tenantId,
      applicationId: catalog.applicationId ?? this.id(),
      catalogId: catalog.id,
      status: 'enabled',
      ...this.#born(),
      ...changes,
    }
  }

  membership({ id, tenantId }: TenantAccount, changes?: Partial<Membership>): Membership {
    return {
      id: this.id(),
      tenantId,
      tenantAccountId: id,
      group: 'staff',
      role: `role-${this.#next()}`,
      validFrom: null,
      validUntil: null,
      ...this.#born(),
      ...changes,
    }
  }

  profileValue(
    userId: Id,
    scope: ProfileScope,
    value: JsonValue,
    changes?: Partial<ProfileValue>,
  ): ProfileValue {
    return {
      id: this.id(),
      userId,
      scope,
      attributeKey: `attribute-${this.#next()}`,
      value,
      provenance: {
        source: 'conformance',
        actor: { type: 'system', id: 'kit' },
        catalogId: this.id(),
        catalogVersion: 1,
      },
      ...this.#born(),
      ...changes,
    }
  }

  audit(tenantId: string | null, changes?: Partial<AuditRecord>): AuditRecord {
    return {
      id: this.id(),
      tenantId,
      occurredAt: this.instant(),
      actor: { type: 'system', id: 'kit' },
      action: 'user.update',
      target: { type: 'user', id: this.id() },
      outcome: 'allowed',
      reason: null,
      changedFields: ['displayName'],
      correlationId: null,
      causationId: null,
      ...changes,
    }
  }

  event(tenantId: string | null, changes?: Partial<OutboxEvent>): OutboxEvent {
    return {
      id: this.id(),
      tenantId,
      aggregateType: 'user',
      aggregateId: this.id(),
      type: 'user-engine.user.updated',
      schemaVersion: 1,
      payload: { n: this.#next() },
      occurredAt: this.instant(),
      correlationId: null,
      causationId: null,
      ...changes,
    }
  }

  member(tenantId: string): Member {
    const user = this.user()
    const account = this.account(user.id)
    return { user, account, tenantAccount: this.tenantAccount(tenantId, account) }
  }

  async addMember(store: UserEngineStore, tenantId: string): Promise<Member> {
    return await store.transact({ tenantId }, (tx) => this.insertMember(tx, tenantId))
  }

  insertMember(tx: StoreTransaction, tenantId: string): Member {
    const member = this.member(tenantId)
    void tx.users.insert(member.user)
    void tx.accounts.insert(member.account)
    void tx.tenantAccounts.insert(member.tenantAccount)
    return member
  }

  async addApplication(
    store: UserEngineStore,
  ): Promise<{ readonly application: Application; readonly catalog: Catalog }> {
    const application = this.application()
    const catalog = this.catalog(application.id)
    await store.transact(PLATFORM, (tx) => {
      void tx.applications.insert(application)
      void tx.catalogs.insert(catalog)
    })
    return { application, catalog }
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
