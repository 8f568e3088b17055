// The harness as the kit uses it: every verb has an end, and a failure of a verb is told apart from one of the store.
import type { AnyHarness, BackendControl, ConformanceHarness } from './harness.ts'
import { showError } from './show.ts'
import { LATE, raceAgainst } from './time-limit.ts'

/** A verb of the harness failed: the case could not be judged, and says nothing about the store. */
export class HarnessFailure extends Error {
  override readonly name = 'HarnessFailure'
}

/** How long a verb of a harness may take: making a database on a busy machine is slow, hanging is not. */
const VERB_TIMEOUT_MS = 60_000

/** Calls a verb of the harness. @throws HarnessFailure when it fails or does not end. */
export async function callVerb<Result>(name: string, verb: () => Promise<Result>): Promise<Result> {
  const call = async () => await verb()
  const result = await raceAgainst(call(), VERB_TIMEOUT_MS).catch((error: unknown) => {
    throw new HarnessFailure(`${name} failed: ${showError(error)}.`)
  })
  if (result === LATE) throw new HarnessFailure(`${name} did not end within ${VERB_TIMEOUT_MS} ms.`)
  return result
}

/** Ends what the harness module started. @throws HarnessFailure when it fails or does not end. */
export async function disposeHarness(harness: AnyHarness): Promise<void> {
  await callVerb('dispose() of the harness', async () => harness.dispose?.())
}

/** Faults that are taken back when the case that caused them does not. */
export interface GuardedBackend extends BackendControl {
  /** Brings the backend back to life, whatever was done to it. */
  restore(): Promise<void>
}

export function guardBackend(backend: NonNullable<ConformanceHarness['backend']>): GuardedBackend {
  let state: 'running' | 'dead' | 'paused' = 'running'
  const start = async () => {
    await callVerb('backend.start() of the harness', () => backend.start())
    state = 'running'
  }
  const resume = async () => {
    await callVerb('backend.resume() of the harness', () => backend.resume())
    state = 'running'
  }
  return {
    async kill() {
      state = 'dead'
      await callVerb('backend.kill() of the harness', () => backend.kill())
    },
    async pause() {
      state = 'paused'
      await callVerb('backend.pause() of the harness', () => backend.pause())
    },
    start,
    resume,
    async restore() {
      if (state === 'dead') await start()
      else if (state === 'paused') await resume()
    },
  }
}
