// One row per command and query of the service: what the tests that hold for all of them need to know.
import type { EntityKind } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { EventType } from '../events/event-definitions.ts'
import {
  bindApplication,
  CANARY,
  CITY,
  createMember,
  PLATFORM,
  publishCatalog,
  TENANT,
  versionOf,
  type World,
} from './world.ts'

export interface CommandCase {
  /** Where the method is: `<group>.<method>`, or the method of the service itself. */
  readonly method: string
  readonly action: string
  readonly target: EntityKind
  readonly context: CommandContext
  /** Makes what the method needs, and its input. */
  readonly arrange: (world: World) => Promise<object>
  /** What one run emits; none is a query. */
  readonly events?: readonly EventType[]
  /** Whether its input names an expected version. */
  readonly isVersioned?: boolean
  /** Whether the method takes no input at all. */
  readonly takesNoInput?: boolean
}

const user = async (world: World) => (await createMember(world)).user
const account = async (world: World) => (await createMember(world)).account
const tenantAccount = async (world: World) => (await createMember(world)).tenantAccount

async function identity(world: World) {
  const { user } = await createMember(world)
  return await world.engine.externalIdentities.link(TENANT, {
    userId: user.id,
    issuer: `https://${CANARY}`,
    subject: CANARY,
  })
}

async function membership(world: World) {
  const { tenantAccount } = await createMember(world)
  return await world.engine.memberships.grant(TENANT, {
    tenantAccountId: tenantAccount.id,
    group: 'staff',
    role: 'editor',
  })
}

const application = (world: World) =>
  world.engine.applications.register(PLATFORM, { key: 'mail', name: 'Mail' })

const draft = (world: World) =>
  world.engine.catalogs.draft(PLATFORM, { applicationId: null, key: 'people', attributes: [CITY] })

/** A value and what names it in the input of commands about it. */
async function value(world: World) {
  const { user } = await createMember(world)
  const { application } = await bindApplication(world)
  const names = {
    userId: user.id,
    applicationId: application.id,
    audience: 'self',
    level: 'tenant',
    attributeKey: 'city',
  } as const
  const stored = await world.engine.profiles.setValue(TENANT, { ...names, value: CANARY, source: 'test' })
  return { names, stored }
}

/** What names a value that is not there yet. */
async function wanted(world: World) {
  const { user } = await createMember(world)
  const { id: catalogId } = await publishCatalog(world)
  return { userId: user.id, catalogId, audience: 'self', source: 'test' } as const
}

async function newcomer(world: World) {
  const { userId: _nobody, ...origin } = await wanted(world)
  return {
    user: { kind: 'person', displayName: CANARY },
    account: { kind: 'human', name: CANARY },
    identity: { issuer: CANARY, subject: CANARY },
    memberships: [{ group: 'staff', role: 'reader' }],
    profile: { ...origin, values: [item] },
  }
}

const PROVISIONED = [
  'user-engine.user.created',
  'user-engine.account.created',
  'user-engine.tenant-account.joined',
  'user-engine.external-identity.linked',
  'user-engine.membership.granted',
  'user-engine.profile-value.set',
] as const

const item = { level: 'tenant', attributeKey: 'city', value: CANARY } as const
const nothing = async () => ({})

type Row = Omit<CommandCase, 'context' | 'target' | 'method' | 'action'> & {
  readonly context?: CommandContext
  readonly target?: EntityKind
}

function row(method: string, action: string, rest: Row): CommandCase {
  const [entity = ''] = action.split('.')
  return { method, action, context: TENANT, target: entity as EntityKind, ...rest }
}

/** A step that needs nothing but the record and its version. */
function step(method: string, action: string, event: EventType, rest: Omit<Row, 'events' | 'isVersioned'>) {
  return row(method, action, { ...rest, events: [event], isVersioned: true })
}

const versioned = (make: (world: World) => Promise<{ readonly id: string; readonly version: number }>) => {
  return async (world: World) => versionOf(await make(world))
}

const named = (make: (world: World) => Promise<{ readonly id: string }>) => {
  return async (world: World) => ({ id: (await make(world)).id })
}

const byUser = async (world: World) => ({ userId: (await user(world)).id })

export const COMMAND_CASES: readonly CommandCase[] = [
  row('users.create', 'user.create', {
    context: PLATFORM,
    arrange: async () => ({ kind: 'person', displayName: CANARY }),
    events: ['user-engine.user.created'],
  }),
  row('users.update', 'user.update', {
    arrange: async (world) => ({ ...versionOf(await user(world)), displayName: `${CANARY}!` }),
    events: ['user-engine.user.updated'],
    isVersioned: true,
  }),
  step('users.suspend', 'user.suspend', 'user-engine.user.suspended', { arrange: versioned(user) }),
  step('users.reactivate', 'user.reactivate', 'user-engine.user.reactivated', {
    arrange: versioned(async (world) => world.engine.users.suspend(TENANT, versionOf(await user(world)))),
  }),
  step('users.deactivate', 'user.deactivate', 'user-engine.user.deactivated', { arrange: versioned(user) }),
  row('users.get', 'user.get', { arrange: named(user) }),
  row('users.list', 'user.list', { arrange: nothing }),

  row('accounts.create', 'account.create', {
    arrange: async (world) => ({ userId: (await user(world)).id, kind: 'service', name: CANARY }),
    events: ['user-engine.account.created'],
  }),
  row('accounts.update', 'account.update', {
    arrange: async (world) => ({ ...versionOf(await account(world)), name: `${CANARY}!` }),
    events: ['user-engine.account.updated'],
    isVersioned: true,
  }),
  step('accounts.suspend', 'account.suspend', 'user-engine.account.suspended', {
    arrange: versioned(account),
  }),
  step('accounts.reactivate', 'account.reactivate', 'user-engine.account.reactivated', {
    arrange: versioned(async (world) =>
      world.engine.accounts.suspend(TENANT, versionOf(await account(world))),
    ),
  }),
  step('accounts.deactivate', 'account.deactivate', 'user-engine.account.deactivated', {
    arrange: versioned(account),
  }),
  row('accounts.get', 'account.get', { arrange: named(account) }),
  row('accounts.listByUser', 'account.list-by-user', { target: 'user', arrange: byUser }),

  row('externalIdentities.link', 'external-identity.link', {
    arrange: async (world) => ({ userId: (await user(world)).id, issuer: CANARY, subject: CANARY }),
    events: ['user-engine.external-identity.linked'],
  }),
  step('externalIdentities.unlink', 'external-identity.unlink', 'user-engine.external-identity.unlinked', {
    arrange: versioned(identity),
  }),
  row('externalIdentities.resolve', 'external-identity.resolve', {
    arrange: async (world) => {
      const { issuer, subject } = await identity(world)
      return { issuer, subject }
    },
  }),
  row('externalIdentities.listByUser', 'external-identity.list-by-user', { target: 'user', arrange: byUser }),

  row('tenantAccounts.invite', 'tenant-account.invite', {
    arrange: async (world) => {
      const { account, tenantAccount } = await createMember(world)
      await world.engine.tenantAccounts.leave(TENANT, versionOf(tenantAccount))
      return { accountId: account.id }
    },
    events: ['user-engine.tenant-account.invited'],
  }),
  step('tenantAccounts.join', 'tenant-account.join', 'user-engine.tenant-account.joined', {
    arrange: versioned(async (world) => {
      const { account, tenantAccount } = await createMember(world)
      await world.engine.tenantAccounts.leave(TENANT, versionOf(tenantAccount))
      return await world.engine.tenantAccounts.invite(TENANT, { accountId: account.id })
    }),
  }),
  step('tenantAccounts.suspend', 'tenant-account.suspend', 'user-engine.tenant-account.suspended', {
    arrange: versioned(tenantAccount),
  }),
  step('tenantAccounts.reactivate', 'tenant-account.reactivate', 'user-engine.tenant-account.reactivated', {
    arrange: versioned(async (world) =>
      world.engine.tenantAccounts.suspend(TENANT, versionOf(await tenantAccount(world))),
    ),
  }),
  step('tenantAccounts.leave', 'tenant-account.leave', 'user-engine.tenant-account.left', {
    arrange: versioned(tenantAccount),
  }),
  row('tenantAccounts.get', 'tenant-account.get', { arrange: named(tenantAccount) }),
  row('tenantAccounts.list', 'tenant-account.list', { arrange: nothing }),
  row('tenantAccounts.listByUser', 'tenant-account.list-by-user', { target: 'user', arrange: byUser }),

  row('memberships.grant', 'membership.grant', {
    arrange: async (world) => ({
      tenantAccountId: (await tenantAccount(world)).id,
      group: 'staff',
      role: 'reader',
    }),
    events: ['user-engine.membership.granted'],
  }),
  step('memberships.revoke', 'membership.revoke', 'user-engine.membership.revoked', {
    arrange: versioned(membership),
  }),
  row('memberships.update', 'membership.update', {
    arrange: async (world) => ({
      ...versionOf(await membership(world)),
      validUntil: '2030-01-01T00:00:00.000Z',
    }),
    events: ['user-engine.membership.updated'],
    isVersioned: true,
  }),
  row('memberships.listByTenantAccount', 'membership.list-by-tenant-account', {
    target: 'tenant-account',
    arrange: async (world) => ({ tenantAccountId: (await tenantAccount(world)).id }),
  }),
  row('memberships.listByGroup', 'membership.list-by-group', { arrange: async () => ({ group: 'staff' }) }),

  row('applications.register', 'application.register', {
    context: PLATFORM,
    arrange: async () => ({ key: 'mail', name: CANARY }),
    events: ['user-engine.application.registered'],
  }),
  row('applications.update', 'application.update', {
    context: PLATFORM,
    arrange: async (world) => ({ ...versionOf(await application(world)), name: CANARY }),
    events: ['user-engine.application.updated'],
    isVersioned: true,
  }),
  step('applications.retire', 'application.retire', 'user-engine.application.retired', {
    context: PLATFORM,
    arrange: versioned(application),
  }),
  row('applications.get', 'application.get', { arrange: named(application) }),
  row('applications.list', 'application.list', { arrange: nothing }),

  row('applicationBindings.bind', 'application-binding.bind', {
    arrange: async (world) => {
      const { id: applicationId } = await application(world)
      return { applicationId, catalogId: (await publishCatalog(world, { applicationId })).id }
    },
    events: ['user-engine.application-binding.bound'],
  }),
  row('applicationBindings.rebind', 'application-binding.rebind', {
    arrange: async (world) => {
      const { application, binding } = await bindApplication(world)
      const next = await publishCatalog(world, { applicationId: application.id })
      return { ...versionOf(binding), catalogId: next.id }
    },
    events: ['user-engine.application-binding.rebound'],
    isVersioned: true,
  }),
  step(
    'applicationBindings.disable',
    'application-binding.disable',
    'user-engine.application-binding.disabled',
    {
      arrange: versioned(async (world) => (await bindApplication(world)).binding),
    },
  ),
  step(
    'applicationBindings.enable',
    'application-binding.enable',
    'user-engine.application-binding.enabled',
    {
      arrange: versioned(async (world) => {
        const { binding } = await bindApplication(world)
        return await world.engine.applicationBindings.disable(TENANT, versionOf(binding))
      }),
    },
  ),
  row('applicationBindings.get', 'application-binding.get', {
    arrange: named(async (world) => (await bindApplication(world)).binding),
  }),
  row('applicationBindings.list', 'application-binding.list', { arrange: nothing }),

  row('catalogs.draft', 'catalog.draft', {
    context: PLATFORM,
    arrange: async () => ({
      applicationId: null,
      key: 'people',
      attributes: [{ ...CITY, description: CANARY }],
    }),
    events: ['user-engine.catalog.drafted'],
  }),
  row('catalogs.editDraft', 'catalog.edit-draft', {
    context: PLATFORM,
    arrange: async (world) => ({ ...versionOf(await draft(world)), attributes: [] }),
    events: ['user-engine.catalog.draft-edited'],
    isVersioned: true,
  }),
  step('catalogs.publish', 'catalog.publish', 'user-engine.catalog.published', {
    context: PLATFORM,
    arrange: versioned(draft),
  }),
  step('catalogs.retire', 'catalog.retire', 'user-engine.catalog.retired', {
    context: PLATFORM,
    arrange: versioned(publishCatalog),
  }),
  row('catalogs.get', 'catalog.get', { arrange: named(draft) }),
  row('catalogs.list', 'catalog.list', { arrange: nothing }),
  row('catalogs.listVersions', 'catalog.list-versions', {
    arrange: async () => ({ applicationId: null, key: 'people' }),
  }),

  row('profiles.setValue', 'profile-value.set', {
    target: 'user',
    arrange: async (world) => {
      const { names, stored } = await value(world)
      return { ...names, source: 'test', value: `${CANARY}!`, expectedVersion: stored.version }
    },
    events: ['user-engine.profile-value.set'],
    isVersioned: true,
  }),
  row('profiles.setValues', 'profile-value.set', {
    target: 'user',
    arrange: async (world) => ({ ...(await wanted(world)), values: [item, { ...item, level: 'global' }] }),
    events: ['user-engine.profile-value.set', 'user-engine.profile-value.set'],
  }),
  row('profiles.clearValue', 'profile-value.clear', {
    target: 'user',
    arrange: async (world) => {
      const { names, stored } = await value(world)
      return { ...names, expectedVersion: stored.version }
    },
    events: ['user-engine.profile-value.cleared'],
    isVersioned: true,
  }),
  row('profiles.clearValues', 'profile-value.clear', {
    target: 'user',
    arrange: async (world) => {
      const { level, attributeKey, ...names } = (await value(world)).names
      return { ...names, values: [{ level, attributeKey }] }
    },
    events: ['user-engine.profile-value.cleared'],
  }),
  row('profiles.effective', 'profile-value.effective', {
    target: 'user',
    arrange: async (world) => {
      const { userId, applicationId, audience } = (await value(world)).names
      return { userId, applicationId, audience }
    },
  }),
  row('profiles.listValues', 'profile-value.list', { target: 'user', arrange: byUser }),

  row('audit.list', 'audit-record.list', { arrange: nothing }),
  row('audit.get', 'audit-record.get', { arrange: named(user) }),
  row('outbox.list', 'outbox-event.list', { arrange: nothing }),
  row('countRecords', 'record.count', { target: 'audit-record', arrange: nothing, takesNoInput: true }),
  row('provisionUser', 'user.provision', { arrange: newcomer, events: PROVISIONED }),
  row('provisionUsers', 'user.provision', {
    arrange: async (world) => {
      const first = await newcomer(world)
      const identity = { issuer: CANARY, subject: `${CANARY} too` }
      return { users: [first, { ...first, identity }] }
    },
    events: [...PROVISIONED, ...PROVISIONED],
  }),
]
