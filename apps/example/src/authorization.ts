import type { AuthorizationPort } from '@user-engine/service'

/**
 * The stand-in for the platform's authorization: services and the system may do everything, a user may look at and
 * change their own profile and nothing else.
 */
export function createExampleAuthorization(): AuthorizationPort {
  return {
    authorize({ actor, action, target, audience }) {
      if (actor.type === 'service' || actor.type === 'system') return { allowed: true }
      const isOwn = actor.type === 'user' && target.type === 'user' && target.id === actor.id
      const isProfile =
        action.startsWith('profile') && audience !== 'platform' && audience !== 'tenant-administrator'
      if (isOwn && isProfile) return { allowed: true }
      return { allowed: false, reason: 'only services may do this' }
    },
  }
}
