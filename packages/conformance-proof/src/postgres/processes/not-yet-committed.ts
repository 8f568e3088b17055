import { setTimeout as delay } from 'node:timers/promises'
import { override, quietly } from '@user-engine/store-conformance-kit'
import { type HandOver, migrateHandedOver, openHandedOver } from '@user-engine/store-postgres/conformance'
import type { UserEngineStore } from '@user-engine/store-protocol'

/** Long enough that the process is killed before it commits the last ones. */
const LATER_MS = 1_000

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default async function open(handOver: HandOver): Promise<UserEngineStore> {
  const store = await openHandedOver(handOver)
  return override(store, {
    transact(scope, work, options) {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      quietly(
        (async () => {
          await store.transact(
            scope,
            async (tx) => {
              const result = await work(tx)
              resolve(result)
              await delay(LATER_MS)
              return result
            },
            options,
          )
        })(),
      )
      return promise as Promise<never>
    },
  })
}

export const migrate = migrateHandedOver
