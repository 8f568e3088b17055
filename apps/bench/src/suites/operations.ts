import { PROFILED_USERS, type WorldSize } from '../data/world.ts'
import type { Pick } from './changes.ts'

export type { Pick } from './changes.ts'

export const OPERATIONS = [
  'updateUser',
  'setProfileValue',
  'provisionUser',
  'resolveIdentity',
  'getUser',
  'listPage',
  'effectiveProfile',
] as const

export type OperationName = (typeof OPERATIONS)[number]

/** What each operation is called in a report. */
export const OPERATION_TITLES: { readonly [Name in OperationName]: string } = {
  updateUser: 'update a user',
  setProfileValue: 'set a profile value',
  provisionUser: 'provision a user',
  resolveIdentity: 'resolve an identity',
  getUser: 'get a user',
  listPage: 'page of 50 users',
  effectiveProfile: 'effective profile of 30 values',
}

/** How many users, from the first on, an operation chooses from. */
export function rangeOf(name: OperationName, { users }: WorldSize): number {
  return name === 'setProfileValue' || name === 'effectiveProfile' ? Math.min(users, PROFILED_USERS) : users
}

/**
 * Chooses records and keeps their versions, so that every change names the right one. Callers choose from records of
 * their own, among the lower half: the upper half belongs to pgbench.
 */
export interface Picker {
  pick(name: OperationName, caller: number, callers: number): Pick
  /** The picked record has changed. */
  changed(name: OperationName, pick: Pick): void
  set(name: OperationName, n: number, version: number): void
}

export function createPicker(size: WorldSize): Picker {
  const half = Math.floor(size.users / 2)
  // Numbers side by side: looking one up must not cost what is measured in memory.
  const versions = {
    updateUser: new Uint32Array(size.users + 1).fill(1),
    setProfileValue: new Uint32Array(size.users + 1).fill(1),
  }
  const versionsOf = (name: OperationName) =>
    name === 'updateUser' || name === 'setProfileValue' ? versions[name] : null
  const setVersion = (name: OperationName, n: number, version: number) => {
    const known = versionsOf(name)
    if (known !== null) known[n] = version
  }
  return {
    pick(name, caller, callers) {
      const own = Math.floor(Math.min(half, rangeOf(name, size) / 2) / callers)
      const n = 1 + Math.floor(Math.random() * own) * callers + caller
      return { n, version: versionsOf(name)?.[n] ?? 1 }
    },
    changed(name, { n, version }) {
      setVersion(name, n, version + 1)
    },
    set(name, n, version) {
      setVersion(name, n, version)
    },
  }
}
