#!/usr/bin/env node
// user-engine-postgres: the schema from the command line. The capability comes from a module of the operator's own:
// credentials never stand on a command line.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isUserEngineError } from '@user-engine/store-protocol'
import { Command } from 'commander'
import type { PostgresCapability } from './capability/postgres-capability.ts'
import { migrate, migrationStatus } from './migrations/migrate.ts'
import { PACKAGE_VERSION } from './package-info.ts'

interface CommonOptions {
  readonly capability: string
  readonly json?: boolean
}

const program = new Command('user-engine-postgres')
  .description('Migrates the Postgres schema of user-engine and tells where it stands.')
  .version(PACKAGE_VERSION)

const MODULE_HELP = 'module whose default export is a PostgresCapability, or a function that returns one'

program
  .command('status')
  .description('say where the schema stands; exit code 1 unless it is current')
  .requiredOption('--capability <module>', MODULE_HELP)
  .option('--json', 'print JSON')
  .action(async ({ capability, json }: CommonOptions) => {
    const status = await migrationStatus({ capability: await loadCapability(capability) })
    print(json, status, [
      `schema: ${status.state} (${status.code})`,
      `expected: ${status.expected}`,
      `found: ${status.found ?? 'none'}`,
    ])
    if (status.state !== 'current') process.exitCode = 1
  })

program
  .command('migrate')
  .description('apply the migrations of this release that are pending')
  .requiredOption('--capability <module>', MODULE_HELP)
  .option('--json', 'print JSON')
  .option('--lock-timeout-ms <ms>', 'how long a migration waits for the locks of others', Number)
  .action(
    async ({ capability, json, lockTimeoutMs }: CommonOptions & { readonly lockTimeoutMs?: number }) => {
      const report = await migrate({
        capability: await loadCapability(capability),
        ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
        onApplied: (name) => {
          if (json !== true) process.stdout.write(`applied ${name}\n`)
        },
      })
      print(json, report, [
        `schema: ${report.schemaVersion.state} at ${report.schemaVersion.found ?? 'none'}`,
      ])
    },
  )

await program.parseAsync().catch((error: unknown) => {
  const message = isUserEngineError(error) ? `${error.code}: ${error.message} ${error.remedy}` : String(error)
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
})

function print(json: boolean | undefined, value: object, lines: readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}

async function loadCapability(module: string): Promise<PostgresCapability> {
  const loaded: { readonly default?: unknown } = await import(pathToFileURL(resolve(module)).href)
  const exported = loaded.default
  const capability: unknown = typeof exported === 'function' ? await exported() : exported
  if (!isCapability(capability))
    throw new TypeError(`${module} has no default export with describe() and lease(role).`)
  return capability
}

function isCapability(value: unknown): value is PostgresCapability {
  return typeof value === 'object' && value !== null && 'describe' in value && 'lease' in value
}
