import { changeOutbox } from '@user-engine/store-conformance-kit'
import { type HandOver, migrateHandedOver, openHandedOver } from '@user-engine/store-postgres/conformance'
import type { UserEngineStore } from '@user-engine/store-protocol'

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default async function open(handOver: HandOver): Promise<UserEngineStore> {
  return changeOutbox(await openHandedOver(handOver), (outbox) => ({
    async claim(request) {
      const lease = await outbox.claim(request)
      const eventIds = lease.deliveries.map(({ event }) => event.id)
      if (eventIds.length > 0) await outbox.release({ token: lease.token, eventIds })
      return lease
    },
  }))
}

export const migrate = migrateHandedOver
