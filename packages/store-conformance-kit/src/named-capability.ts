/** Whether the reason of a skip begins with an answer of the manifest, as `durability.durable is false` does. */
export function namesCapability(reason: string | null, manifest: object): boolean {
  const [, group, name] = /^(\w+)\.(\w+) is /.exec(reason ?? '') ?? []
  if (group === undefined || name === undefined) return false
  return Object.hasOwn(manifest, group) && Object.hasOwn(Object(Reflect.get(manifest, group)), name)
}
