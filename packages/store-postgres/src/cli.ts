#!/usr/bin/env node
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
// user-engine-postgres: the schema from the command line. The capability comes from a module of the operator's own:
// credentials never stand on a command line.
import {
  acceptCapability,
  isUserEngineError,
  type PostgresCapability,
  type Readiness,
} from '@user-engine/store-protocol'
import { Command } from 'commander'
import { examineCapability } from './doctor/examine-capability.ts'
import { verifySchema } from './doctor/verify-schema.ts'
import { migrate, migrationStatus } from './migrations/migrate.ts'
import { tendOutboxLog } from './outbox-partitions/tend-outbox-log.ts'
import { PACKAGE_VERSION } from './package-info.ts'

interface CommonOptions {
  readonly capability: string
  readonly json?: boolean
}

/** What is wrong with the module, in words of ours. */
class CapabilityModuleError extends Error {}

const program = new Command('user-engine-postgres')
  .description('Migrates the Postgres schema of user-engine, and says what is wrong with it.')
  .addHelpText(
    'after',
    '\nExit codes: 0 nothing is wrong (warnings may be printed), 1 something was found, 2 it could not be looked at.',
  )
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
  .option(
    '--lock-timeout-ms <ms>',
    'how long an attempt waits for the locks of others before it steps aside',
    Number,
  )
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

const DAY_MS = 86_400_000

program
  .command('tend')
  .description('make the partitions of events to come, and drop those whose events are settled and old')
  .requiredOption('--capability <module>', MODULE_HELP)
  .option('--json', 'print JSON')
  .option('--retention-days <days>', 'how long settled events are kept at least; default 30', Number)
  .action(
    async ({ capability, json, retentionDays }: CommonOptions & { readonly retentionDays?: number }) => {
      const report = await tendOutboxLog({
        capability: await loadCapability(capability),
        ...(retentionDays === undefined ? {} : { retentionMs: Math.round(retentionDays * DAY_MS) }),
      })
      print(json, report, [
        ...report.created.map((name) => `created ${name}`),
        ...report.dropped.map((name) => `dropped ${name}`),
        ...report.kept.map(({ partition, because }) => `kept ${partition}: ${because} events`),
        'the log of events is in order',
      ])
    },
  )

const EXAMINATIONS = [
  {
    name: 'verify',
    description: 'check with the migration login that the schema is the one this release made',
    examine: verifySchema,
  },
  {
    name: 'doctor',
    description: 'verify, and look at the server, all logins, the leases and the outbox as well',
    examine: examineCapability,
  },
]

for (const { name, description, examine } of EXAMINATIONS) {
  program
    .command(name)
    .description(`${description}; exit code 1 if something is wrong`)
    .requiredOption('--capability <module>', MODULE_HELP)
    .option('--json', 'print JSON')
    .action(async ({ capability, json }: CommonOptions) => {
      const found = await examine({ capability: await loadCapability(capability) })
      print(json, found, linesOf(found))
      if (found.status === 'not-ready') process.exitCode = 1
    })
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 2
})

/** What is wrong first, then the warnings, then what was found good. */
function linesOf({ status, checks }: Readiness): readonly string[] {
  const lines = (['fail', 'warn', 'pass'] as const).flatMap((wanted) =>
    checks
      .filter((check) => check.status === wanted)
      .flatMap(({ code, summary, remedy }) => [
        `${wanted}  ${code}: ${summary}`,
        ...(remedy === null ? [] : [`      ${remedy}`]),
      ]),
  )
  return [...lines, status]
}

/** What a capability module throws may hold a credential: only errors of the family are repeated. */
function messageOf(error: unknown): string {
  if (isUserEngineError(error)) return `${error.code}: ${error.message} ${error.remedy}`
  if (error instanceof CapabilityModuleError) return error.message
  return `The capability failed (${error instanceof Error ? error.name : typeof error}). Call its functions yourself to see why.`
}

function print(json: boolean | undefined, value: object, lines: readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}

async function loadCapability(module: string): Promise<PostgresCapability> {
  const loaded = await import(pathToFileURL(resolve(module)).href).then(
    (found: { readonly default?: unknown }) => found,
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'it throws'
      throw new CapabilityModuleError(`${module} cannot be loaded (${code}).`)
    },
  )
  const exported = loaded.default
  const capability: unknown = typeof exported === 'function' ? await exported() : exported
  if (capability === undefined) throw new CapabilityModuleError(`${module} has no default export.`)
  return acceptCapability(capability)
}
