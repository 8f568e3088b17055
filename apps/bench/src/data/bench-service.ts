import { createUserEngineService, type UserEngineService } from '@user-engine/service'
import type { UserEngineStore } from '@user-engine/store-protocol'

/** The service that is measured: on any store, with an authorization port that allows everything at once. */
export function createBenchService(store: UserEngineStore): UserEngineService {
  return createUserEngineService({ store, authorization: { authorize: () => ({ allowed: true }) } })
}
