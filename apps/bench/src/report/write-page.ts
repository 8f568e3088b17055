import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Results } from '../results.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPlot } from './plot.ts'

/** Writes the page and its plot from the results. */
export function writePage(results: Results, folder: string): void {
  writeFileSync(join(folder, 'performance.md'), renderMarkdown(results))
  writeFileSync(join(folder, 'performance.svg'), renderPlot(results))
}
