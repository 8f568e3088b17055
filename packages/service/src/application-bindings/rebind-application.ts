import { type ApplicationBinding, idSchema } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireVersion } from '../commands/require-record.ts'
import { recordBinding } from './record-binding.ts'
import { requireBindableCatalog } from './require-bindable-catalog.ts'

export const rebindApplicationInputSchema = versionedInputSchema.extend({ catalogId: idSchema })

export type RebindApplicationInput = InputOf<typeof rebindApplicationInputSchema>

export const rebindApplication = defineCommand({
  action: 'application-binding.rebind',
  input: rebindApplicationInputSchema,
  target: ({ id }) => ({ type: 'application-binding', id }),
  async perform(tx, input, run): Promise<ApplicationBinding> {
    const { id, expectedVersion, catalogId } = input
    const [found, catalog] = await Promise.all([tx.applicationBindings.get(id), tx.catalogs.get(catalogId)])
    const current = requireVersion('application-binding', found, input)
    requireBindableCatalog(catalog, { applicationId: current.applicationId, catalogId })
    const binding: ApplicationBinding = {
      ...current,
      catalogId,
      version: current.version + 1,
      updatedAt: run.now,
    }
    void tx.applicationBindings.update({ id, expectedVersion, set: { catalogId }, updatedAt: run.now })
    recordBinding(
      tx,
      { binding, changedFields: ['catalogId'], event: 'user-engine.application-binding.rebound' },
      run,
    )
    return binding
  },
})
