// Generates the Prisma client into src/generated. `prisma generate` insists on a schema-engine binary that it does
// not use and would download; any existing file satisfies it. Under this stub `prisma migrate` would report success
// and do nothing: migrations are applied by this package's own runner (src/migrations).
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const prismaCli = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js')

execFileSync(process.execPath, [prismaCli, 'generate'], {
  cwd: packageRoot,
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
})

// The generated entry point sets a global that only a locally stored query engine would read; a library must not.
const entry = join(packageRoot, 'src', 'generated', 'client.ts')
const source = readFileSync(entry, 'utf8')
const withoutGlobal = source.replace(/^globalThis\['__dirname'\] = .*\n/m, '')
if (withoutGlobal === source) throw new Error('the generated client no longer sets __dirname: drop this step')
writeFileSync(entry, withoutGlobal)
