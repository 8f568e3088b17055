import { isDeepStrictEqual } from 'node:util'
import { formatPath } from '@user-engine/store-protocol'

/** Where two values first differ. */
export interface Difference {
  /** The path to it; empty when the values differ as wholes. */
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
}

/** Finds the first place at which a value is not what was expected, or `null`. Compares what values say, not their prototypes. */
export function findDifference(actual: unknown, expected: unknown): Difference | null {
  const [plainActual, plainExpected] = [plain(actual), plain(expected)]
  return isDeepStrictEqual(plainActual, plainExpected) ? null : descend(plainActual, plainExpected, [])
}

function descend(actual: unknown, expected: unknown, path: readonly (string | number)[]): Difference {
  const here = { path: formatPath(path), expected, actual }
  if (!isContainer(actual) || !isContainer(expected) || Array.isArray(actual) !== Array.isArray(expected))
    return here
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (key in actual && key in expected && isDeepStrictEqual(actual[key], expected[key])) continue
    // A member that one side lacks is shown from its owner, where the lack can be seen.
    if (!(key in actual) || !(key in expected)) return here
    return descend(actual[key], expected[key], [...path, Array.isArray(expected) ? Number(key) : key])
  }
  return here
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isPlainObject(value))
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// Records may be frozen or have no prototype.
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    return structuredClone(value)
  } catch {
    return value
  }
}
