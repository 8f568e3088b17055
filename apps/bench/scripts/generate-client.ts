// Generates a Prisma client of the store's own schema into src/generated: what a user of Prisma would have. The stub of
// the schema engine is explained where the store generates its client.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const prismaCli = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js')
const target = join(packageRoot, 'src', 'generated')
const copy = join(target, 'schema.prisma')

const schema = readFileSync(
  join(packageRoot, '..', '..', 'packages', 'store-postgres', 'prisma', 'schema.prisma'),
  'utf8',
)
const relocated = schema.replace(/output\s*=.*/, 'output = "./client"')
const isCurrent = existsSync(copy) && readFileSync(copy, 'utf8') === relocated
if (!isCurrent) {
  mkdirSync(target, { recursive: true })
  writeFileSync(copy, relocated)
  execFileSync(process.execPath, [prismaCli, 'generate', '--schema', copy], {
    cwd: packageRoot,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  })
}
