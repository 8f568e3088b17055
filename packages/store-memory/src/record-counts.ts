import type { RecordCounts } from '@user-engine/store-protocol'
import { walkAccounts } from './accounts.ts'
import type { TenantPartition } from './partition.ts'
import type { Session } from './session.ts'
import { EXTERNAL_IDENTITIES, GLOBAL_PROFILE_VALUES } from './tables.ts'
import { walkUsers } from './users.ts'
import type { RecordWalk } from './view.ts'

/**
 * Counts what the scope sees [QRY-03]. In a tenant scope the users are walked one by one: what belongs to them
 * is counted per user.
 */
export function countRecords(session: Session): RecordCounts {
  return session.tenant === null ? countPlatform(session) : countTenant(session, session.tenant)
}

function countPlatform(session: Session): RecordCounts {
  const { platform, sight } = session
  const { records } = sight
  return {
    user: records.count(platform.users),
    account: records.count(platform.accounts),
    'tenant-account': 0,
    'external-identity': records.count(platform.externalIdentities),
    application: records.count(platform.applications),
    'application-binding': 0,
    catalog: records.count(platform.catalogs),
    'profile-value': records.count(platform.profileValues),
    membership: 0,
    ...countLogs(session),
  }
}

function countTenant(session: Session, tenant: TenantPartition): RecordCounts {
  const { platform, sight } = session
  const { records } = sight
  let users = 0
  let accounts = 0
  let identities = 0
  let globalValues = 0
  const visible = walkUsers(session)
  while (visible.next()) {
    const userId = visible.key
    users++
    const range = { group: userId }
    accounts += length(walkAccounts(session, range))
    identities += length(records.walk(platform.externalIdentities, EXTERNAL_IDENTITIES.byUser, range))
    globalValues += length(records.walk(platform.profileValues, GLOBAL_PROFILE_VALUES.byUser, range))
  }
  return {
    user: users,
    account: accounts,
    'tenant-account': records.count(tenant.tenantAccounts),
    'external-identity': identities,
    application: records.count(platform.applications),
    'application-binding': records.count(tenant.applicationBindings),
    catalog: records.count(platform.catalogs),
    'profile-value': records.count(tenant.profileValues) + globalValues,
    membership: records.count(tenant.memberships),
    ...countLogs(session),
  }
}

function countLogs({ sight }: Session) {
  const audit = sight.audit()
  const outbox = sight.outbox()
  return {
    'audit-record': audit.length + audit.own.length,
    'outbox-event': outbox.size + outbox.own.length,
  }
}

function length(walk: RecordWalk<unknown>): number {
  let length = 0
  while (walk.next()) length++
  return length
}
