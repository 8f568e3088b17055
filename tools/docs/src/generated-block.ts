import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderErrorTable } from './error-table.ts'
import { placeBlock } from './placed-block.ts'
import { renderRuleTable } from './rule-table.ts'

/** A part of a document that is written by a program, between two comments that stay. */
export interface GeneratedBlock {
  /** The document, from the root of the repository. */
  readonly document: string
  /** Names the comments: `<!-- name:begin -->` and `<!-- name:end -->`. */
  readonly name: string
  render(): string
}

/** Every generated part of every document. */
export const GENERATED_BLOCKS: readonly GeneratedBlock[] = [
  {
    document: 'docs/postgres-durable-store-consumer-requirements.md',
    name: 'rules',
    render: renderRuleTable,
  },
  { document: 'docs/error-map.md', name: 'errors', render: renderErrorTable },
]

/** The file of a block's document. */
export function fileOf({ document }: GeneratedBlock): string {
  return fileURLToPath(new URL(`../../../${document}`, import.meta.url))
}

/** The document as it should be. @throws Error when it has not exactly one place for the block. */
export function renderDocument(block: GeneratedBlock): string {
  const { document, name } = block
  return placeBlock({ document, current: readFileSync(fileOf(block), 'utf8'), name, text: block.render() })
}
