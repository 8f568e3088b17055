import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeBlock } from '@user-engine/docs'
import type { Results } from '../results.ts'
import { renderMarkdown } from './markdown.ts'
import { renderNodeFigures } from './node-figures.ts'
import { renderPlot } from './plot.ts'

/** Writes the page, its plot, and the figures that the page about scaling begins with. */
export function writePage(results: Results, folder: string): void {
  writeFileSync(join(folder, 'performance.md'), renderMarkdown(results))
  writeFileSync(join(folder, 'performance.svg'), renderPlot(results))
  const scaling = join(folder, 'scaling.md')
  const current = readFileSync(scaling, 'utf8')
  const text = renderNodeFigures(results)
  writeFileSync(scaling, placeBlock({ document: 'scaling.md', current, name: 'figures', text }))
}
