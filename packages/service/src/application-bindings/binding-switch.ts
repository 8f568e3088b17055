import type { ApplicationBinding, ApplicationBindingStatus } from '@user-engine/store-protocol'
import { type Command, defineCommand } from '../commands/command.ts'
import { type VersionedInput, versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'
import { recordBinding } from './record-binding.ts'

/** Switching a binding off or on again. */
export interface BindingSwitch {
  readonly verb: 'disable' | 'enable'
  readonly from: ApplicationBindingStatus
  readonly to: ApplicationBindingStatus
  readonly event: 'user-engine.application-binding.disabled' | 'user-engine.application-binding.enabled'
}

/** Declares the command that switches a binding. */
export function defineBindingSwitch({
  verb,
  from,
  to,
  event,
}: BindingSwitch): Command<VersionedInput, ApplicationBinding> {
  return defineCommand({
    action: `application-binding.${verb}`,
    input: versionedInputSchema,
    target: ({ id }) => ({ type: 'application-binding', id }),
    async perform(tx, input, run): Promise<ApplicationBinding> {
      const { id, expectedVersion } = input
      const current = requireVersion('application-binding', await tx.applicationBindings.get(id), input)
      requireStatus('application-binding', current, [from])
      const binding: ApplicationBinding = {
        ...current,
        status: to,
        version: current.version + 1,
        updatedAt: run.now,
      }
      void tx.applicationBindings.update({ id, expectedVersion, set: { status: to }, updatedAt: run.now })
      recordBinding(tx, { binding, changedFields: ['status'], event }, run)
      return binding
    },
  })
}
