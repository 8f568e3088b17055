import { expect, test } from 'vitest'
import type { Results } from '../results.ts'
import type { ComparisonKey } from '../suites/comparison.ts'
import type { GrowthKey } from '../suites/growth.ts'
import { judge } from './judge.ts'
import { renderMarkdown } from './markdown.ts'

const machine = { cpu: 'CPU', cores: 2, memoryGiB: 8, postgres: '18', node: 'v24', settings: {} }
const part = { measuredAt: '2026-01-01T00:00:00.000Z', machine, quick: false, durationMs: 1_000 }
const latency = { p50: 1, p95: 2, p99: 3 }

function cell<Key>(key: Key, rate: number) {
  const median = { rate, latency, clientCpu: 1, serverCpu: 1 }
  return { key, rounds: 5, median, range: [rate, rate] as const }
}

const rates = { limit: 1_000, store: 760, service: 600, pg: 300, prisma: 100 } as const
const size = { users: 10, tenants: 1, delivered: 0, auditRecords: 0 }

const results: Results = {
  comparison: {
    ...part,
    size,
    profiles: [],
    cells: (['limit', 'store', 'service', 'pg', 'prisma'] as const).map((path) =>
      cell<ComparisonKey>({ operation: 'getUser', path, callers: 1 }, rates[path]),
    ),
  },
  growth: {
    ...part,
    small: size,
    middle: size,
    large: size,
    cells: [
      cell<GrowthKey>({ operation: 'getUser', world: 'small', callers: 1, condition: 'grown' }, 140),
      cell<GrowthKey>({ operation: 'getUser', world: 'large', callers: 1, condition: 'grown' }, 100),
    ],
  },
}

test('a rate is judged as a part of the limit, and growth by how much slower the large world is', () => {
  const verdicts = judge(results)
  const ofLimit = verdicts.find(({ group }) => group === 'the limit')
  expect(ofLimit).toMatchObject({ target: 0.75, measured: 0.76, met: true })
  const growth = verdicts.find(({ group }) => group === 'growth')
  expect(growth).toMatchObject({ target: 1.3, measured: 1.4, met: false })
})

test('the page says by how much a target was missed', () => {
  expect(renderMarkdown(results)).toMatch(
    /get a user, 1 caller, grown \| ≤ 1.3 \| 1.40 \| \*\*missed\*\* by 0.10/,
  )
})
