import * as fc from 'fast-check'
import { CheckFailure } from '../../check.ts'

interface CheckOptions {
  /** Where the seed comes from. */
  readonly random: () => number
  readonly numRuns: number
  /** Whether to stop at the first counterexample instead of looking for the smallest. Default: false. */
  readonly endOnFailure?: boolean
}

/**
 * Checks a property and shrinks what refutes it.
 * @throws CheckFailure with the smallest counterexample, and with the seed and path that lead to it.
 */
export async function reportCounterexample<Value>(
  property: fc.IAsyncProperty<[Value]>,
  { random, numRuns, endOnFailure = false }: CheckOptions,
): Promise<void> {
  const seed = Math.floor(random() * 2 ** 31)
  const result = await fc.check(property, { seed, numRuns, endOnFailure })
  if (!result.failed) return
  const { counterexample, counterexamplePath, numShrinks, errorInstance } = result
  if (!(errorInstance instanceof CheckFailure)) throw errorInstance
  const [smallest] = counterexample ?? []
  const { what, expected, actual, where } = errorInstance
  const found = `after ${JSON.stringify(smallest)} (${numShrinks} times shrunk; seed ${seed}, path ${counterexamplePath})`
  throw new CheckFailure(`${what} ${found}`, { expected, actual, where })
}
