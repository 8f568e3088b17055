/** A point that one side of an interleaving waits for and the other opens. */
export interface Gate {
  open(): void
  readonly opened: Promise<void>
}

export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: () => resolve(), opened: promise }
}
