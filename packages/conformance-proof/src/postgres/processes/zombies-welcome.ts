import { changeOutbox } from '@user-engine/store-conformance-kit'
import { type HandOver, migrateHandedOver, openHandedOver } from '@user-engine/store-postgres/conformance'
import { isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default async function open(handOver: HandOver): Promise<UserEngineStore> {
  return changeOutbox(await openHandedOver(handOver), (outbox) => ({
    ack: (request) =>
      outbox.ack(request).catch((error: unknown) => {
        if (!isUserEngineError(error, 'STALE_LEASE')) throw error
      }),
  }))
}

export const migrate = migrateHandedOver
