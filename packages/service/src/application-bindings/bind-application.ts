import { type ApplicationBinding, idSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineCommand } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { requireFound, requireStatus } from '../commands/require-record.ts'
import { recordBinding } from './record-binding.ts'
import { requireBindableCatalog } from './require-bindable-catalog.ts'

export const bindApplicationInputSchema = z.strictObject({
  /** Default: a new id. Give one to be able to repeat the command without an idempotency key. */
  id: idSchema.optional(),
  applicationId: idSchema,
  catalogId: idSchema,
})

export type BindApplicationInput = InputOf<typeof bindApplicationInputSchema>

export const bindApplication = defineCommand({
  action: 'application-binding.bind',
  input: bindApplicationInputSchema,
  target: (input, newId) => ({ type: 'application-binding', id: input.id ?? newId() }),
  async perform(tx, { applicationId, catalogId }, run): Promise<ApplicationBinding> {
    const tenantId = run.requireTenant('application-binding')
    const [application, catalog] = await Promise.all([
      tx.applications.get(applicationId),
      tx.catalogs.get(catalogId),
    ])
    requireStatus('application', requireFound('application', application, applicationId), ['active'])
    requireBindableCatalog(catalog, { applicationId, catalogId })
    const binding: ApplicationBinding = {
      id: run.target.id,
      tenantId,
      applicationId,
      catalogId,
      status: 'enabled',
      version: 1,
      createdAt: run.now,
      updatedAt: run.now,
    }
    void tx.applicationBindings.insert(binding)
    recordBinding(
      tx,
      {
        binding,
        changedFields: ['applicationId', 'catalogId', 'status'],
        event: 'user-engine.application-binding.bound',
      },
      run,
    )
    return binding
  },
})
