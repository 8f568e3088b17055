import type { Application } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'

export const retireApplication = defineCommand({
  action: 'application.retire',
  input: versionedInputSchema,
  target: ({ id }) => ({ type: 'application', id }),
  async perform(tx, input, run): Promise<Application> {
    const { id, expectedVersion } = input
    const current = requireVersion('application', await tx.applications.get(id), input)
    requireStatus('application', current, ['active'])
    const retired: Application = {
      ...current,
      status: 'retired',
      version: current.version + 1,
      updatedAt: run.now,
    }
    void tx.applications.update({ id, expectedVersion, set: { status: 'retired' }, updatedAt: run.now })
    run.record(tx, {
      target: run.target,
      changedFields: ['status'],
      event: 'user-engine.application.retired',
      aggregateId: id,
      payload: { applicationId: id, status: retired.status, version: retired.version },
    })
    return retired
  },
})
