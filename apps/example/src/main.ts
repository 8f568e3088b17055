import { ProviderError } from '@user-engine/provider-local'
import { isUserEngineError } from '@user-engine/store-protocol'
import { Command, InvalidArgumentError, Option } from 'commander'
import { runImport } from './import/run-import.ts'
import { type AppOptions, defaultDataDir } from './options.ts'
import { ScimFileError } from './scim/read-scim-file.ts'
import { writeSample } from './scim/write-sample.ts'
import { NatsUnreachable } from './start/open-sink.ts'
import { PortInUse, serve } from './start/serve.ts'

interface StoreFlags {
  readonly store: 'postgres' | 'memory'
  readonly databaseUrl?: string
  readonly dataDir?: string
}

interface ServeFlags extends StoreFlags {
  readonly host: string
  readonly port: number
  readonly webhookUrl?: string
  readonly natsUrl?: string
  readonly logLevel: string
  readonly jwksUrl?: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: string
}

interface ImportFlags extends StoreFlags {
  readonly tenant: string
  readonly issuer?: string
  readonly reactivate: boolean
}

const program = new Command('start')
  .description(
    'Runs user-engine: HTTP API, console and outbox relay, on an embedded Postgres unless told otherwise.',
  )
  .enablePositionalOptions()

addStoreOptions(program)
  .option('--host <host>', 'the address to listen on', '127.0.0.1')
  .option('--port <port>', 'the port to listen on', parsePort, 8080)
  .option(
    '--webhook-url <url>',
    'send events there as CloudEvents; signed with WEBHOOK_SECRET if that is set',
  )
  .addOption(
    new Option(
      '--nats-url <url>',
      'publish events there, to the JetStream stream USER_ENGINE, which is made if it is not there',
    )
      .env('NATS_URL')
      .conflicts('webhookUrl'),
  )
  .option('--jwks-url <url>', 'accept only bearer tokens signed by one of these keys')
  .option('--jwt-issuer <issuer>', 'the issuer of the tokens')
  .option('--jwt-audience <audience>', 'the audience of the tokens')
  .addOption(
    new Option('--log-level <level>', 'how much to log')
      .choices(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info'),
  )
  .action(async (flags: ServeFlags) => {
    const app = await serve(appOptions(flags))
    process.stdout.write(`${app.welcome}\nCtrl-C stops everything.\n`)
    stopOnSignal(app.stop)
  })

addStoreOptions(program.command('import'))
  .description('takes a directory of SCIM 2.0 users into a tenant; safe to repeat')
  .argument('<file>', 'one user per line, an array of users, or a ListResponse')
  .option('--tenant <id>', 'the tenant', 'demo')
  .option('--issuer <issuer>', 'who vouches for the directory; default scim:<tenant>')
  .option('--reactivate', 'also reactivate suspended users that the directory calls active', false)
  .action(async (file: string, flags: ImportFlags) => {
    const request = {
      file,
      tenantId: flags.tenant,
      issuer: flags.issuer ?? `scim:${flags.tenant}`,
      reactivates: flags.reactivate,
    }
    const isComplete = await runImport(request, storeOptions(flags))
    if (!isComplete) process.exitCode = 1
  })

program
  .command('sample')
  .description('writes made-up SCIM users, one per line, to try the import with')
  .argument('<file>', 'the file to write')
  .option('--count <count>', 'how many', parseCount, 10_000)
  .action((file: string, { count }: { readonly count: number }) => writeSample(file, count))

await program.parseAsync().catch(tell)

function addStoreOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--store <store>', 'where the domain lives')
        .choices(['postgres', 'memory'])
        .default('postgres'),
    )
    .addOption(
      new Option(
        '--database-url <url>',
        'the administrator of a given server, instead of the embedded one',
      ).env('DATABASE_URL'),
    )
    .option('--data-dir <folder>', 'where the embedded server keeps its data (default: .data)')
}

function storeOptions(flags: StoreFlags): Pick<AppOptions, 'store' | 'databaseUrl' | 'dataDir'> {
  const { store, databaseUrl = null, dataDir = defaultDataDir() } = flags
  return { store, databaseUrl, dataDir }
}

function appOptions(flags: ServeFlags): AppOptions {
  const { host, port, logLevel, webhookUrl = null, natsUrl = null, jwksUrl, jwtIssuer, jwtAudience } = flags
  if (jwksUrl !== undefined && (jwtIssuer === undefined || jwtAudience === undefined)) {
    throw new InvalidArgumentError('--jwks-url needs --jwt-issuer and --jwt-audience.')
  }
  return {
    ...storeOptions(flags),
    host,
    port,
    logLevel,
    webhookUrl,
    natsUrl,
    webhookSecret: process.env.WEBHOOK_SECRET ?? null,
    jwks:
      jwksUrl === undefined ? null : { url: jwksUrl, issuer: jwtIssuer ?? '', audience: jwtAudience ?? '' },
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535.')
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('a count is a positive number.')
}

function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false
  const onSignal = () => {
    if (isStopping) return
    isStopping = true
    void stop().then(() => process.exit(), tell)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

// What a person can mend is said in one line; anything else keeps its stack.
function tell(error: unknown): void {
  process.exitCode = 1
  if (isUserEngineError(error)) process.stderr.write(`${error.message} ${error.remedy} (${error.code})\n`)
  else if (isForPeople(error)) process.stderr.write(`${error.message}\n`)
  else throw error
}

function isForPeople(error: unknown): error is Error {
  const kinds = [ProviderError, PortInUse, NatsUnreachable, ScimFileError, InvalidArgumentError]
  const isMissingFile = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  return isMissingFile || kinds.some((kind) => error instanceof kind)
}
