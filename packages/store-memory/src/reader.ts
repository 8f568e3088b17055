import { type StoreReader, UserEngineError } from '@user-engine/store-protocol'
import { createAnswers } from './answers.ts'
import { refuseCall } from './refused-call.ts'
import { createRoles } from './roles.ts'
import type { Session } from './session.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'
import { toStoreError } from './store-error.ts'
import { isThenable } from './thenable.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** Runs `work` on a snapshot of the scope; the handle ends when it settles [TXN-07]. */
export async function runRead<Result>(
  unit: UnitOfWork,
  work: (reader: StoreReader) => Result | Promise<Result>,
): Promise<Result> {
  const snapshot = openSnapshot(unit.engine, unit.partition)
  const session = new SnapshotSession(unit, snapshot)
  try {
    const outcome = work(createRoles(session))
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

class SnapshotSession implements Session {
  readonly tenantId: Session['tenantId']
  readonly platform: Session['platform']
  readonly tenant: Session['tenant']
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

  perform(): Promise<never> {
    return refuseCall(() =>
      this.#unit.isOver
        ? new UserEngineError('TRANSACTION_ENDED', {})
        : new UserEngineError('NOT_SUPPORTED', { capability: 'writes inside a read' }),
    )
  }
}
