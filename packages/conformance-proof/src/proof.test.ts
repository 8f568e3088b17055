import { createMemoryStore } from '@user-engine/store-memory'
import { RULES } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { BROKEN_STORES, UNPROVED } from './broken-stores.ts'
import { judgeBroken } from './judge-store.ts'
import { renderKillMatrix } from './kill-matrix.ts'
import { ODD_STORES } from './odd-stores.ts'
import { BROKEN_ENGINES } from './postgres/broken-engines.ts'
import { BROKEN_PROVIDERS } from './providers/broken-providers.ts'
import { readExpectedKills, readKillMatrix, readKillScores } from './record.ts'
import { runStore } from './run-store.ts'
import { broken } from './store-under-proof.ts'

test('every rule that a case can show has a broken store or a written reason why not', () => {
  const proved = new Set<string>(
    [...BROKEN_STORES, ...BROKEN_ENGINES, ...BROKEN_PROVIDERS].map(({ breaks }) => breaks),
  )
  const bare = RULES.filter(
    ({ id, untested }) => untested === undefined && !proved.has(id) && UNPROVED[id] === undefined,
  )
  expect(bare.map(({ id }) => id)).toEqual([])
  expect(Object.keys(UNPROVED).filter((id) => proved.has(id))).toEqual([])
})

test('there are at least sixty broken stores and eight odd ones, each once', () => {
  const ids = [...BROKEN_STORES, ...BROKEN_ENGINES, ...ODD_STORES].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(BROKEN_STORES.length).toBeGreaterThanOrEqual(60)
  expect(ODD_STORES.length).toBeGreaterThanOrEqual(8)
})

test('a store that is not broken at all is a survivor', async () => {
  const whole = broken('TXN-01', 'whole', 'does everything right', (store) => store)
  const kill = judgeBroken(whole, await runStore(() => createMemoryStore(), whole.id), undefined)
  // Instances of their own, as the manifest denies: what is caught is the preflight, not a rule.
  expect(kill.failed).toEqual(['preflight'])
  const healthy = judgeBroken(whole, { failed: [], rules: [], because: '', durationMs: 1 }, [])
  expect(healthy.troubles).toEqual(['It survived: no case failed.'])
})

test('kills that are not on record, and records without a kill, are told', () => {
  const [store] = BROKEN_STORES
  if (store === undefined) throw new Error('there are broken stores')
  const judgement = { failed: ['TXN-01.other'], rules: [store.breaks], because: '', durationMs: 1 }
  expect(judgeBroken(store, judgement, ['TXN-01.expected']).troubles).toEqual([
    'These cases were not expected to fail: TXN-01.other.',
    'These cases were expected to fail: TXN-01.expected.',
  ])
})

test('the published kill matrix is current; if not, run `pnpm proof --update`', () => {
  expect(readKillMatrix()).toBe(renderKillMatrix(readExpectedKills()))
})

test('certificates of the kit state how many broken stores it catches; if not, run `pnpm proof --update`', () => {
  const kills = Object.values(readExpectedKills())
  const killed = kills.filter((failed) => failed.length > 0).length
  expect(readKillScores()).toEqual({
    store: { killed, of: BROKEN_STORES.length + BROKEN_ENGINES.length },
    'postgres-capability': { killed: BROKEN_PROVIDERS.length, of: BROKEN_PROVIDERS.length },
  })
})
