import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hasPgbench } from './paths/pgbench.ts'
import { runBench } from './run-bench.ts'

const folder = mkdtempSync(join(tmpdir(), 'user-engine-bench-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every operation runs by every path, and the results hold a rate for each', async () => {
  const results = await runBench({
    quick: true,
    only: ['operations', 'import'],
    rounds: 1,
    seconds: 0.05,
    results: folder,
    docs: folder,
    say: () => {},
  })
  const paths = hasPgbench() ? 5 : 4
  const cells = results.comparison?.cells ?? []
  // Two operations decide on what they read.
  expect(cells).toHaveLength(7 * 2 * paths + 2 * 2)
  expect(cells.filter(({ median }) => !(median.rate > 0)).map(({ key }) => key)).toEqual([])
  expect(results.import?.cells).toHaveLength(4)
  expect(results.import?.cells.filter(({ median }) => !(median.rate > 0))).toEqual([])
})

test('the store in memory is measured at every size, and says what it takes', async () => {
  const results = await runBench({
    quick: true,
    only: ['memory'],
    rounds: 1,
    seconds: 0.02,
    results: folder,
    docs: folder,
    say: () => {},
  })
  const cells = results.memory?.cells ?? []
  expect(cells).toHaveLength(11 * 3)
  expect(cells.filter(({ median }) => !(median.rate > 0)).map(({ key }) => key)).toEqual([])
  for (const { bytesPerRecord } of results.memory?.use ?? []) expect(bytesPerRecord).toBeGreaterThan(0)
})
