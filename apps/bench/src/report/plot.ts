import type { Results } from '../results.ts'
import { CALLERS, PATHS } from '../suites/comparison.ts'
import { OPERATION_TITLES, OPERATIONS } from '../suites/operations.ts'
import { rateOf } from './judge.ts'

const COLOURS = {
  limit: '#9aa0a6',
  store: '#1a73e8',
  service: '#34a853',
  pg: '#f9ab00',
  prisma: '#d93025',
  prismaCommand: '#f28b82',
} as const
const LEFT = 220
const WIDTH = 860
const BAR = 9
const GROUP = PATHS.length * BAR + 14
const TOP = 56

/** Bars per operation and callers: each path's rate as a part of the limit, up to 1.2. */
export function renderPlot(results: Results): string {
  const scale = (part: number) => (Math.min(part, 1.2) / 1.2) * (WIDTH - LEFT - 60)
  const groups = CALLERS.flatMap((callers) => OPERATIONS.map((operation) => ({ callers, operation })))
  const height = TOP + groups.length * GROUP + 20
  const at = LEFT + scale(1)
  const legend = PATHS.map(
    (path, index) =>
      `<rect x="${LEFT + index * 100}" y="12" width="10" height="10" fill="${COLOURS[path]}"/><text x="${LEFT + index * 100 + 14}" y="21">${path}</text>`,
  )
  const bars = groups.flatMap(({ callers, operation }, index) => {
    const y = TOP + index * GROUP
    const limit = rateOf(results, operation, 'limit', callers)
    const label = `<text x="${LEFT - 8}" y="${y + (PATHS.length * BAR) / 2 + 4}" text-anchor="end">${OPERATION_TITLES[operation]}, ${callers}</text>`
    const own = PATHS.flatMap((path, row) => {
      const part = rateOf(results, operation, path, callers) / limit
      if (!Number.isFinite(part)) return []
      const top = y + row * BAR
      return [
        `<rect x="${LEFT}" y="${top}" width="${scale(part).toFixed(1)}" height="${BAR - 1}" fill="${COLOURS[path]}"/>`,
        `<text x="${(LEFT + scale(part) + 3).toFixed(1)}" y="${top + BAR - 2}" font-size="8">${part.toFixed(2)}</text>`,
      ]
    })
    return [label, ...own]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11" role="img" aria-labelledby="title">`,
    '<title id="title">Rates as parts of the limit</title>',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...legend,
    `<text x="${LEFT}" y="42">rate as a part of the limit, by operation and number of callers</text>`,
    `<line x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${height - 14}" stroke="#9aa0a6" stroke-dasharray="3 3"/>`,
    ...bars,
    '</svg>',
    '',
  ].join('\n')
}
