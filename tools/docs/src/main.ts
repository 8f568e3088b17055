import { writeFileSync } from 'node:fs'
import { fileOf, GENERATED_BLOCKS, renderDocument } from './generated-block.ts'

for (const block of GENERATED_BLOCKS) {
  writeFileSync(fileOf(block), renderDocument(block))
  process.stdout.write(`wrote ${block.name} of ${block.document}\n`)
}
