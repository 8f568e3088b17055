/** A role as SQLite can keep it: every method answers, or throws, at once. */
export type Sync<Role> = {
  readonly [Method in keyof Role]: Role[Method] extends (...input: infer Input) => Promise<infer Result>
    ? (...input: Input) => Result
    : never
}

/** Makes a role of the contract from a synchronous one: each method becomes a call on the handle. */
export function toRole<Role extends object>(
  sync: Sync<Role>,
  call: <Result>(work: () => Result) => Promise<Result>,
): Role {
  const methods = Object.entries(sync as Record<string, (...input: unknown[]) => unknown>)
  return Object.fromEntries(
    methods.map(([name, method]) => [name, (...input: unknown[]) => call(() => method(...input))]),
  ) as unknown as Role
}
