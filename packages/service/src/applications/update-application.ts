import { type Application, applicationSchema } from '@user-engine/store-protocol'
import { defineBlindCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { versionedInputSchema } from '../commands/record-input.ts'

export const updateApplicationInputSchema = versionedInputSchema.extend({
  name: applicationSchema.shape.name,
})

export type UpdateApplicationInput = InputOf<typeof updateApplicationInputSchema>

export const updateApplication = defineBlindCommand({
  action: 'application.update',
  input: updateApplicationInputSchema,
  target: ({ id }) => ({ type: 'application', id }),
  perform(tx, { id, expectedVersion, name }, run): Promise<Application | null> {
    const changedFields = ['name']
    void tx.applications.update({ id, expectedVersion, set: { name }, updatedAt: run.now })
    run.record(tx, {
      target: run.target,
      changedFields,
      event: 'user-engine.application.updated',
      aggregateId: id,
      payload: { applicationId: id, version: expectedVersion + 1, changedFields },
    })
    return tx.applications.get(id)
  },
})
