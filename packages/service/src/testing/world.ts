import type {
  Account,
  Application,
  ApplicationBinding,
  AttributeDefinition,
  AuditRecord,
  Catalog,
  OutboxEvent,
  Scope,
  TenantAccount,
  User,
  UserEngineStore,
} from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import { createUserEngineService } from '../create-user-engine-service.ts'
import { EVENT_DEFINITIONS, type EventType } from '../events/event-definitions.ts'
import type { Clock } from '../ports/clock.ts'
import type { UserEngineService } from '../user-engine-service.ts'
import { defineAttribute } from './definitions.ts'
import { openTestStore } from './open-test-store.ts'
import { createScriptedAuthorization, type ScriptedAuthorization } from './scripted-authorization.ts'

/** The text that is planted wherever something personal or secret goes, and must not come out elsewhere [DIA-02]. */
export const CANARY = 'canary-b7f1'

export const TENANT: CommandContext = { scope: { tenantId: 'acme' }, actor: { type: 'user', id: 'admin' } }
export const OTHER_TENANT: CommandContext = {
  scope: { tenantId: 'globex' },
  actor: { type: 'user', id: 'boss' },
}
export const PLATFORM: CommandContext = {
  scope: { platform: true, reason: 'test' },
  actor: { type: 'system', id: 'operator' },
}

/** A service on a fresh store, with everything around it in a test's hands. */
export interface World {
  readonly store: UserEngineStore
  readonly engine: UserEngineService
  readonly authorization: ScriptedAuthorization
}

export async function openWorld(
  openStore: () => Promise<UserEngineStore> = () => openTestStore(),
): Promise<World> {
  const store = await openStore()
  const authorization = createScriptedAuthorization()
  const engine = createUserEngineService({ store, authorization, clock: createSteppingClock() })
  return { store, engine, authorization }
}

/** A clock that is one millisecond further at every look. */
export function createSteppingClock(): Clock {
  let ms = Date.parse('2026-01-01T00:00:00.000Z')
  return { now: () => new Date(ms++).toISOString() }
}

/** Everything in the audit log of a scope, oldest first. */
export async function auditOf({ store }: World, { scope }: CommandContext): Promise<readonly AuditRecord[]> {
  return await store.read(scope, async (reader) => (await reader.audit.list({ page: { limit: 500 } })).items)
}

/** Every event of a scope, oldest first. */
export async function eventsOf({ store }: World, { scope }: CommandContext): Promise<OutboxEvent[]> {
  return await store.read(scope, async (reader) => {
    const { items } = await reader.outbox.list({ page: { limit: 500 } })
    return items.map(({ event }) => event)
  })
}

/** What work in a scope left behind: its audit records and events, and what it threw or returned. */
export interface Trace<Result> {
  readonly result: Result
  readonly audit: readonly AuditRecord[]
  readonly events: readonly OutboxEvent[]
}

/** Runs work and returns what it added to the audit log and the outbox of its scope. */
export async function trace<Result>(
  world: World,
  context: CommandContext,
  work: () => Promise<Result>,
): Promise<Trace<Result>> {
  const [auditBefore, eventsBefore] = [await auditOf(world, context), await eventsOf(world, context)]
  const result = await work()
  const audit = (await auditOf(world, context)).slice(auditBefore.length)
  const events = (await eventsOf(world, context)).slice(eventsBefore.length)
  return { result, audit, events }
}

/** How many records of each kind a scope has. */
export async function countsOf({ store }: World, scope: Scope) {
  return await store.read(scope, (reader) => reader.countRecords())
}

/** Whether a type is one of ours; the payload schema belongs to it. */
export function payloadSchemaOf(type: string) {
  return EVENT_DEFINITIONS[type as EventType].payload
}

export interface Member {
  readonly user: User
  readonly account: Account
  readonly tenantAccount: TenantAccount
}

/** A user with an active account that is active in the tenant of a context. */
export async function createMember({ engine }: World, context: CommandContext = TENANT): Promise<Member> {
  return await engine.transaction(context, async (inner) => {
    const user = await inner.users.create(context, { kind: 'person', displayName: CANARY })
    const account = await inner.accounts.create(context, { userId: user.id, kind: 'human', name: CANARY })
    const invited = await inner.tenantAccounts.invite(context, { accountId: account.id })
    const tenantAccount = await inner.tenantAccounts.join(context, versionOf(invited))
    return { user, account, tenantAccount }
  })
}

/** The id and the version of a record, as commands expect them. */
export function versionOf({ id, version }: { readonly id: string; readonly version: number }) {
  return { id, expectedVersion: version }
}

export const CITY = defineAttribute({
  key: 'city',
  constraints: { maxLength: 20 },
  classification: 'personal',
})
export const LOCALE = defineAttribute({
  key: 'locale',
  constraints: { format: 'locale' },
  default: 'en',
  editors: ['self', 'platform'],
})

/** A published catalog of the platform, or of an application. */
export async function publishCatalog(
  { engine }: World,
  draft: {
    readonly applicationId?: string
    readonly key?: string
    readonly attributes?: AttributeDefinition[]
  } = {},
): Promise<Catalog> {
  const { applicationId = null, key = 'people', attributes = [CITY, LOCALE] } = draft
  const catalog = await engine.catalogs.draft(PLATFORM, { applicationId, key, attributes })
  return await engine.catalogs.publish(PLATFORM, versionOf(catalog))
}

export interface BoundApplication {
  readonly application: Application
  readonly catalog: Catalog
  readonly binding: ApplicationBinding
}

let applications = 0

/** An application that the tenant of a context has bound to a published catalog of its own. */
export async function bindApplication(
  world: World,
  options: { readonly attributes?: AttributeDefinition[]; readonly context?: CommandContext } = {},
): Promise<BoundApplication> {
  const { engine } = world
  const { context = TENANT, ...rest } = options
  applications += 1
  const application = await engine.applications.register(PLATFORM, {
    key: `app-${applications}`,
    name: 'App',
  })
  const catalog = await publishCatalog(world, { applicationId: application.id, ...rest })
  const binding = await engine.applicationBindings.bind(context, {
    applicationId: application.id,
    catalogId: catalog.id,
  })
  return { application, catalog, binding }
}
