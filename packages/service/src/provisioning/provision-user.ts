import type { AnyUserEngineError } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { readDefinitions } from '../profiles/definition-source.ts'
import { type ProvisionedUser, provisionUserInputSchema } from './provision-input.ts'
import { provisionResolved } from './provision-resolved.ts'

const MAX_IDENTITY_TRIES = 3

export const provisionUser = defineCommand({
  action: 'user.provision',
  input: provisionUserInputSchema,
  // Whose identity it is, only the store knows; the subject is personal and must not reach an audit record [DIA-02].
  target: () => ({ type: 'user', id: '*' }),
  decidesAgainOn: (error, _input, tries) => isOvertaken(error, tries),
  async perform(tx, input, run): Promise<ProvisionedUser> {
    const tenantId = run.requireTenant('tenant-account')
    const { identity, profile } = input
    const [resolved, definitions] = await Promise.all([
      tx.externalIdentities.resolve(identity),
      profile === undefined ? null : readDefinitions(tx, profile, run),
    ])
    const user = resolved?.user ?? null
    return await provisionResolved(tx, { input, tenantId, user, definitions }, run)
  },
})

/**
 * Whether deciding again is right. Whoever loses the identity to somebody in the same tenant finds it at the next try.
 * Whoever never finds it has met the identity of a user the tenant does not see, and that stays as it is [IDN-02].
 */
export function isOvertaken(error: AnyUserEngineError, tries: number): boolean {
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
