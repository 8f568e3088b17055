import type { AnyUserEngineError } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { readDefinitions } from '../profiles/definition-source.ts'
import { createProvisioned } from './create-provisioned.ts'
import { type ProvisionedInput, type ProvisionedUser, provisionUserInputSchema } from './provision-input.ts'
import { updateProvisioned } from './update-provisioned.ts'

const MAX_IDENTITY_TRIES = 3

export const provisionUser = defineCommand({
  action: 'user.provision',
  input: provisionUserInputSchema,
  // Whose identity it is, only the store knows; the subject is personal and must not reach an audit record [DIA-02].
  target: () => ({ type: 'user', id: '*' }),
  decidesAgainOn: isOvertaken,
  async perform(tx, input, run): Promise<ProvisionedUser> {
    const tenantId = run.requireTenant('tenant-account')
    const { identity, profile } = input
    const [resolved, definitions] = await Promise.all([
      tx.externalIdentities.resolve(identity),
      profile === undefined ? null : readDefinitions(tx, profile, run),
    ])
    const origin =
      profile === undefined || definitions === null
        ? null
        : { definitions, source: profile.source, audience: profile.audience }
    const provisioning = { input, tenantId, origin }
    return resolved === null
      ? createProvisioned(tx, provisioning, run)
      : await updateProvisioned(tx, { ...provisioning, user: resolved.user }, run)
  },
})

// Whoever loses the identity to somebody in the same tenant finds it at the next try. Whoever never finds it has met
// the identity of a user the tenant does not see, and that stays as it is [IDN-02].
function isOvertaken(error: AnyUserEngineError, _input: ProvisionedInput, tries: number): boolean {
  switch (error.code) {
    case 'DUPLICATE_IDENTITY':
      return tries < MAX_IDENTITY_TRIES
    case 'VERSION_CONFLICT':
    case 'DUPLICATE_KEY':
    case 'NOT_FOUND':
      return true
    default:
      return false
  }
}
