// Writes the JSON Schemas that are published with the package; a test says when they are stale.
import { writeFileSync } from 'node:fs'
import { SCHEMA_FILES } from '../src/report-files/json-schemas.ts'

for (const { file, render } of SCHEMA_FILES) {
  writeFileSync(new URL(`../schema/${file}`, import.meta.url), render())
  process.stdout.write(`wrote schema/${file}\n`)
}
process.stdout.write('Now `pnpm run format` at the root, which breaks lines its own way.\n')
