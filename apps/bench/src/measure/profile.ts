import { type Profiler, Session } from 'node:inspector/promises'
import type { Round } from './closed-loop.ts'

/** Where the time of the client goes, for one path. */
export interface Profile<Key> {
  readonly key: Key
  /** What one operation took in all, in microseconds: of it, the client waited for the server for the rest. */
  readonly microseconds: number
  /** The functions with the most time of their own, in microseconds per operation. */
  readonly top: readonly { readonly name: string; readonly place: string; readonly microseconds: number }[]
}

const INTERVAL_MICROSECONDS = 100
const TOP = 15

/** Profiles one more round. Rates of a round under a profiler are not rates. */
export async function profileRound<Key>(
  key: Key,
  round: (durationMs: number) => Promise<Round>,
  durationMs: number,
): Promise<Profile<Key>> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS })
    await session.post('Profiler.start')
    const start = performance.now()
    const { rate } = await round(durationMs)
    const seconds = (performance.now() - start) / 1000
    const { profile } = await session.post('Profiler.stop')
    return { key, microseconds: 1_000_000 / rate, top: topOf(profile, rate * seconds) }
  } finally {
    session.disconnect()
  }
}

function topOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, operations: number) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const own = new Map<string, { name: string; place: string; microseconds: number }>()
  for (const [index, id] of samples.entries()) {
    const { functionName = '', url = '' } = frames.get(id) ?? {}
    const name = functionName || '(anonymous)'
    // The profiler's own work is no part of an operation.
    if (name === '(idle)' || url === 'node:inspector') continue
    const place = placeOf(url)
    const entry = own.get(`${name} ${place}`) ?? { name, place, microseconds: 0 }
    entry.microseconds += (timeDeltas[index] ?? 0) / operations
    own.set(`${name} ${place}`, entry)
  }
  return [...own.values()].sort((one, other) => other.microseconds - one.microseconds).slice(0, TOP)
}

// `pg/lib/client.js`, `node:internal/timers`, `store-postgres/src/session.ts`: never where the checkout lies.
function placeOf(url: string): string {
  if (url === '' || url.startsWith('node:')) return url
  const [, ofPackage] = /.*\/node_modules\/(?!\.pnpm)(.*)/.exec(url) ?? []
  const [, ofRepository] = /.*\/(?:packages|apps)\/(.*)/.exec(url) ?? []
  return ofPackage ?? ofRepository ?? url.replace(/.*\//, '')
}
