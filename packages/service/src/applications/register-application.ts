import { type Application, applicationSchema, idSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'

const { key, name } = applicationSchema.shape

export const registerApplicationInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  key,
  name,
})

export type RegisterApplicationInput = InputOf<typeof registerApplicationInputSchema>

export const registerApplication = defineCommand({
  action: 'application.register',
  input: registerApplicationInputSchema,
  target: (input, newId) => ({ type: 'application', id: input.id ?? newId() }),
  perform(tx, input, run): Application {
    const application: Application = {
      id: run.target.id,
      key: input.key,
      name: input.name,
      status: 'active',
      version: 1,
      createdAt: run.now,
      updatedAt: run.now,
    }
    const { id, status, version } = application
    void tx.applications.insert(application)
    run.record(tx, {
      target: run.target,
      changedFields: ['key', 'name', 'status'],
      event: 'user-engine.application.registered',
      aggregateId: id,
      payload: { applicationId: id, status, version },
    })
    return application
  },
})
