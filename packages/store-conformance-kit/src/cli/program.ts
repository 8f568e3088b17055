import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { PACKAGE_VERSION } from '../package-info.ts'
import { CannotJudge } from './cannot-judge.ts'
import { type CertifyCommandOptions, certifyCommand, verifyCommand } from './certificate-commands.ts'
import { EXIT } from './exit-code.ts'
import { type RunOptions, runCommand } from './run-command.ts'

const EXIT_CODES = `
user-engine-conformance run --help shows the options of a run.

Exit codes: 0 conformant, with or without waivers, or everything that was selected held; 1 not conformant, or a
certificate is wrong; 2 it could not be judged.`

/** Runs the command line and returns the exit code: 0 it holds, 1 it does not, 2 it could not be told. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.untold
  const program = new Command('user-engine-conformance')
    .description(
      'Judges a store, or a Postgres that a provider hands over, against the user-engine store contract.',
    )
    .version(PACKAGE_VERSION)
    .exitOverride()
    .addHelpText('after', EXIT_CODES)
  program
    .command('run', { isDefault: true })
    .description('run the cases against what a harness opens (the default command)')
    .argument('<harness>', 'module whose default export is a harness, or a function that returns one')
    .option('--suite <names>', 'only these suites, such as TXN,OBX; repeatable', readList)
    .option('--rule <ids>', 'only the cases of these rules, such as TXN-03; repeatable', readList)
    .option('--seed <number>', 'where ids, orders and delays come from', readInteger)
    .option('--case-timeout <ms>', 'how long a case may take that names no longer time', readPositive)
    .option('--time-budget <seconds>', 'start no case after this; what is not run is named', readPositive)
    .option('--waivers <file>', 'JSON list of {rule, reason, link, expires}')
    .option('--json <file>', 'write the report as JSON')
    .option('--junit <file>', 'write the report as JUnit XML')
    .option('--html <file>', 'write the report as one HTML page')
    .option('--quiet', 'print the verdict and nothing else')
    .action(async (harness: string, options: RunOptions) => {
      exitCode = await runCommand(harness, options)
    })
  program
    .command('certify')
    .description('make a certificate of a report')
    .argument('<report>', 'the JSON file of a report')
    .option('--out <file>', 'where to write it; standard output without it')
    .action(async (report: string, options: CertifyCommandOptions) => {
      exitCode = await certifyCommand(report, options)
    })
  program
    .command('verify')
    .description('say whether a certificate is valid, or which of its fields is wrong')
    .argument('<certificate>', 'the JSON file of a certificate')
    .action(async (certificate: string) => {
      exitCode = await verifyCommand(certificate)
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.holds : EXIT.untold
    if (!(error instanceof CannotJudge)) throw error
    process.stderr.write(`${error.message}\n`)
    return EXIT.untold
  }
}

function readList(value: string, before: readonly string[] = []): readonly string[] {
  const names = value.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('It has an empty name.')
  return [...before, ...names]
}

function readInteger(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(value)
}

function readPositive(value: string): number {
  const number = Number(value)
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('It must be a number above 0.')
  return number
}
