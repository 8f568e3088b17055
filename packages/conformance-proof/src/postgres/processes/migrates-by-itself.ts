import { type HandOver, migrateHandedOver, openHandedOver } from '@user-engine/store-postgres/conformance'

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default openHandedOver

export async function migrate(handOver: HandOver): Promise<{ readonly applied: readonly string[] }> {
  await migrateHandedOver(handOver)
  return { applied: ['every step'] }
}
