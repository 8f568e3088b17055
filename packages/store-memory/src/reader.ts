import { type RecordCounts, type StoreReader, UserEngineError } from '@user-engine/store-protocol'
import { createAccountReader } from './accounts.ts'
import { createAnswers } from './answers.ts'
import { createApplicationBindingReader } from './application-bindings.ts'
import { createApplicationReader } from './applications.ts'
import { createAuditReader } from './audit.ts'
import { createCatalogReader } from './catalogs.ts'
import { createExternalIdentityReader } from './external-identities.ts'
import { createMembershipReader } from './memberships.ts'
import { createOutboxReader } from './outbox.ts'
import { createProfileValueReader } from './profile-values.ts'
import { countRecords } from './record-counts.ts'
import { refuseCall } from './refused-call.ts'
import type { ReadSession } from './session.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'
import { toStoreError } from './store-error.ts'
import { createTenantAccountReader } from './tenant-accounts.ts'
import { isThenable } from './thenable.ts'
import type { UnitOfWork } from './unit-of-work.ts'
import { createUserReader } from './users.ts'

/** Runs `work` on a snapshot of the scope; the handle ends when it settles [TXN-07]. */
export async function runRead<Result>(
  unit: UnitOfWork,
  work: (reader: StoreReader) => Result | Promise<Result>,
): Promise<Result> {
  const snapshot = openSnapshot(unit.engine, unit.partition)
  const session = new SnapshotSession(unit, snapshot)
  try {
    const outcome = work(createReader(session))
    const { answers } = session
    const result = answers.isLast(outcome)
      ? (answers.last as Result)
      : isThenable(outcome)
        ? await unit.waitFor(outcome)
        : outcome
    if (unit.cutOffBy !== null) throw unit.cutOffBy
    return result
  } catch (error) {
    throw unit.note(error)
  } finally {
    snapshot.close()
    unit.end()
  }
}

function createReader(session: ReadSession): StoreReader {
  return {
    users: createUserReader(session),
    accounts: createAccountReader(session),
    tenantAccounts: createTenantAccountReader(session),
    externalIdentities: createExternalIdentityReader(session),
    applications: createApplicationReader(session),
    applicationBindings: createApplicationBindingReader(session),
    catalogs: createCatalogReader(session),
    profileValues: createProfileValueReader(session),
    memberships: createMembershipReader(session),
    audit: createAuditReader(session),
    outbox: createOutboxReader(session),
    countRecords: (): Promise<RecordCounts> => session.answer(() => countRecords(session)),
  }
}

class SnapshotSession implements ReadSession {
  readonly tenantId: ReadSession['tenantId']
  readonly platform: ReadSession['platform']
  readonly tenant: ReadSession['tenant']
  readonly sight: Snapshot
  readonly answers = createAnswers()
  readonly #unit: UnitOfWork

  constructor(unit: UnitOfWork, snapshot: Snapshot) {
    this.tenantId = unit.partition.tenantId
    this.platform = unit.engine.platform
    this.tenant = unit.tenant
    this.sight = snapshot
    this.#unit = unit
  }

  answer<Result>(read: () => Result): Promise<Result> {
    if (this.#unit.isOver) {
      return refuseCall(() => new UserEngineError('TRANSACTION_ENDED', {}))
    }
    try {
      this.sight.catchUp()
      return this.answers.give(read())
    } catch (error) {
      return refuseCall(() => toStoreError(error))
    }
  }
}
