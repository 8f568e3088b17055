import { type Id, type ProfileLevel, type ProfileScope, UserEngineError } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/**
 * The scope of values at a level, in the scope of the command.
 * @throws UserEngineError `SCOPE_NOT_ALLOWED` for a tenant's values in a platform scope.
 */
export function profileScopeOf(
  level: ProfileLevel,
  applicationId: Id | undefined,
  run: CommandRun,
): ProfileScope {
  if (level === 'global') return { level }
  const tenantId = run.requireTenant('profile-value')
  if (level === 'tenant') return { level, tenantId }
  // The schemas demand an application for this level before anybody is asked.
  if (applicationId === undefined) throw new UserEngineError('INTERNAL', { reference: 'profile-scope' })
  return { level, tenantId, applicationId }
}

/** The application of a scope, or `null` for one that belongs to no application. */
export function applicationOf(scope: ProfileScope): Id | null {
  return scope.level === 'application' ? scope.applicationId : null
}

/** Whether the application is named that values at the level `application` belong to. */
export function namesApplicationOf(levels: readonly ProfileLevel[], applicationId: Id | undefined): boolean {
  return applicationId !== undefined || !levels.includes('application')
}

/** What is wrong with an input that does not name it. */
export const APPLICATION_NEEDED = {
  path: ['applicationId'],
  error: 'the application whose values the level application means',
}
