import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fileOf, GENERATED_BLOCKS, renderDocument } from './generated-block.ts'

test.each(GENERATED_BLOCKS)('$name of $document is current; if not, run `pnpm run docs`', (block) => {
  expect(readFileSync(fileOf(block), 'utf8')).toBe(renderDocument(block))
})

test('a document without its place is an error', () => {
  const [block] = GENERATED_BLOCKS
  if (block === undefined) throw new Error('there are blocks')
  expect(() => renderDocument({ ...block, name: 'missing' })).toThrow('must have <!-- missing:begin -->')
})
