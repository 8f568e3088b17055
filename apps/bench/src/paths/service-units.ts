import type { UserEngineService } from '@user-engine/service'
import { ACTOR } from '../data/records.ts'
import {
  APPLICATION_ID,
  ISSUER,
  newId,
  SEEDED,
  seededId,
  subjectOf,
  tenantOf,
  type WorldSize,
} from '../data/world.ts'
import type { Pick } from '../suites/changes.ts'
import type { OperationName } from '../suites/operations.ts'
import { cursorAfter } from './store-units.ts'

let count = 0

/** The operations as commands of the service: validation, authorization, ids, audit record and event included. */
export function serviceUnits(
  service: UserEngineService,
  size: WorldSize,
): { readonly [Name in OperationName]: (pick: Pick) => Promise<unknown> } {
  const contextOf = ({ n }: Pick) => ({ scope: { tenantId: tenantOf(n, size) }, actor: ACTOR })
  const userIdOf = ({ n }: Pick) => seededId(SEEDED.user, n)
  return {
    updateUser(pick) {
      count += 1
      return service.users.update(contextOf(pick), {
        id: userIdOf(pick),
        expectedVersion: pick.version,
        displayName: `Renamed ${count}`,
      })
    },
    setProfileValue(pick) {
      count += 1
      return service.profiles.setValue(contextOf(pick), {
        userId: userIdOf(pick),
        applicationId: APPLICATION_ID,
        source: 'bench',
        audience: 'self',
        level: 'application',
        attributeKey: 'attribute-00',
        value: `set ${count}`,
        expectedVersion: pick.version,
      })
    },
    provisionUser: (pick) =>
      service.provisionUser(contextOf(pick), {
        user: { kind: 'person', displayName: 'New user' },
        account: { kind: 'human', name: 'main' },
        identity: { issuer: ISSUER, subject: `new-subject-${newId()}` },
        memberships: [],
      }),
    resolveIdentity: (pick) =>
      service.externalIdentities.resolve(contextOf(pick), { issuer: ISSUER, subject: subjectOf(pick.n) }),
    getUser: (pick) => service.users.get(contextOf(pick), { id: userIdOf(pick) }),
    listPage: (pick) =>
      service.users.list(contextOf(pick), { page: { limit: 50, cursor: cursorAfter(pick) } }),
    effectiveProfile: (pick) =>
      service.profiles.effective(contextOf(pick), {
        userId: userIdOf(pick),
        applicationId: APPLICATION_ID,
        audience: 'self',
      }),
  }
}
