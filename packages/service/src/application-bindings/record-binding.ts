import type { ApplicationBinding, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** What happened to an application binding. */
export interface BindingChange {
  readonly binding: ApplicationBinding
  readonly changedFields: readonly string[]
  readonly event:
    | 'user-engine.application-binding.bound'
    | 'user-engine.application-binding.rebound'
    | 'user-engine.application-binding.disabled'
    | 'user-engine.application-binding.enabled'
}

/** Appends what a change of a binding leaves behind. */
export function recordBinding(tx: StoreTransaction, change: BindingChange, run: CommandRun): void {
  const { id, applicationId, catalogId, status, version } = change.binding
  run.record(tx, {
    target: { type: 'application-binding', id },
    changedFields: change.changedFields,
    event: change.event,
    aggregateId: id,
    payload: { applicationBindingId: id, applicationId, catalogId, status, version },
  })
}
