import { jsonValueSchema, type UserEngineStore, validate } from '@user-engine/store-protocol'
import { createAccountCommands } from './accounts/account-commands.ts'
import { createApplicationBindingCommands } from './application-bindings/application-binding-commands.ts'
import { createApplicationCommands } from './applications/application-commands.ts'
import { createAuditCommands } from './audit/audit-commands.ts'
import { createCatalogCommands } from './catalogs/catalog-commands.ts'
import { createCompiledCatalogs } from './catalogs/compiled-catalogs.ts'
import { readContext, requireFittingRequest } from './commands/command-context.ts'
import { type CommandEnvironment, createCommandRunner, transactOptions } from './commands/command-runner.ts'
import { createNestedUnit, createStoreUnit, type UnitOfWork } from './commands/unit-of-work.ts'
import { createExternalIdentityCommands } from './external-identities/external-identity-commands.ts'
import { createMembershipCommands } from './memberships/membership-commands.ts'
import { createOutboxCommands } from './outbox/outbox-commands.ts'
import type { AuthorizationPort } from './ports/authorization-port.ts'
import { type Clock, createSystemClock } from './ports/clock.ts'
import { createIdGenerator, type IdGenerator } from './ports/id-generator.ts'
import { createProfileCommands } from './profiles/profile-commands.ts'
import { provisionUser } from './provisioning/provision-user.ts'
import { provisionUsers } from './provisioning/provision-users.ts'
import { countRecords } from './record-counts/count-records.ts'
import { createTenantAccountCommands } from './tenant-accounts/tenant-account-commands.ts'
import type { UserEngineService } from './user-engine-service.ts'
import { createUserCommands } from './users/user-commands.ts'

/** What the service is built on. */
export interface UserEngineServiceOptions {
  /** Any store that keeps the contract. The service does not close it. */
  readonly store: UserEngineStore
  /** Decides who may do what; there is no default, so that nobody runs without one by accident. */
  readonly authorization: AuthorizationPort
  /** Default: the clock of this machine. */
  readonly clock?: Clock
  /** Default: UUIDv7 from this machine's clock and randomness. */
  readonly ids?: IdGenerator
}

/** Creates the service. It keeps no state of its own but compiled catalogs; any number may share one store. */
export function createUserEngineService(options: UserEngineServiceOptions): UserEngineService {
  const { store, authorization, clock = createSystemClock(), ids = createIdGenerator() } = options
  const environment = { authorization, clock, ids, catalogs: createCompiledCatalogs() }
  return createServiceOn(createStoreUnit(store), { store, environment })
}

interface Foundation {
  readonly store: UserEngineStore
  readonly environment: CommandEnvironment
}

function createServiceOn(unit: UnitOfWork, foundation: Foundation): UserEngineService {
  const runner = createCommandRunner(foundation.environment, unit)
  return {
    users: createUserCommands(runner),
    accounts: createAccountCommands(runner),
    externalIdentities: createExternalIdentityCommands(runner),
    tenantAccounts: createTenantAccountCommands(runner),
    memberships: createMembershipCommands(runner),
    applications: createApplicationCommands(runner),
    applicationBindings: createApplicationBindingCommands(runner),
    catalogs: createCatalogCommands(runner),
    profiles: createProfileCommands(runner),
    audit: createAuditCommands(runner),
    outbox: createOutboxCommands(runner),
    countRecords: (context) => runner.runQuery(countRecords, context, {}),
    provisionUser: (context, input) => runner.runCommand(provisionUser, context, input),
    provisionUsers: (context, input) => runner.runCommand(provisionUsers, context, input),
    async transaction(context, work, { input = null } = {}) {
      const request = readContext(context)
      if (unit.outer !== null) requireFittingRequest(request, unit.outer)
      const { store, environment } = foundation
      const correlationId = request.correlationId ?? unit.outer?.correlationId ?? environment.ids.next()
      const outer = { scope: request.scope, correlationId }
      return await unit.transact(
        request.scope,
        (tx) => work(createServiceOn(createNestedUnit(store, tx, outer), foundation)),
        transactOptions(request, 'transaction', validate(jsonValueSchema, input)),
      )
    },
  }
}
