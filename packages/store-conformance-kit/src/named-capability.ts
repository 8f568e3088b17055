import type { StoreCapabilities } from '@user-engine/store-protocol'

/** Whether the reason of a skip begins with a capability of the manifest, as `durability.durable is false` does. */
export function namesCapability(reason: string | null, capabilities: StoreCapabilities): boolean {
  const [, group, name] = /^(\w+)\.(\w+) is /.exec(reason ?? '') ?? []
  if (group === undefined || name === undefined) return false
  return Object.hasOwn(capabilities, group) && Object.hasOwn(Object(Reflect.get(capabilities, group)), name)
}
