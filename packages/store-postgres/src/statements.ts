import { accountStatements } from './accounts.ts'
import { applicationBindingStatements } from './application-bindings.ts'
import { auditStatements } from './audit.ts'
import { externalIdentityStatements } from './external-identities.ts'
import { idempotencyStatements } from './idempotency.ts'
import { membershipStatements } from './memberships.ts'
import { outboxStatements } from './outbox.ts'
import { profileValueStatements } from './profile-values.ts'
import { recordCountStatements } from './record-counts.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { tenantAccountStatements } from './tenant-accounts.ts'
import { userStatements } from './users.ts'

export type Statements = ReturnType<typeof createStatements>

/** Every statement of the domain for one schema; made once per store, so that each is prepared once per connection. */
export function createStatements(schema: SchemaName) {
  return {
    users: userStatements(schema),
    accounts: accountStatements(schema),
    tenantAccounts: tenantAccountStatements(schema),
    externalIdentities: externalIdentityStatements(schema),
    applicationBindings: applicationBindingStatements(schema),
    profileValues: profileValueStatements(schema),
    memberships: membershipStatements(schema),
    audit: auditStatements(schema),
    outbox: outboxStatements(schema),
    recordCounts: recordCountStatements(schema),
    idempotency: idempotencyStatements(schema),
  }
}
