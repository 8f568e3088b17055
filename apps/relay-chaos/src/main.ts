// The whole run from the command line; writes the page, and fails when there is a violation.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { hasNatsServer } from './nats-receiver.ts'
import { FULL_PLANS, SHORT_PLANS } from './plans.ts'
import { renderPage } from './render-page.ts'
import { type ChaosRun, runChaos } from './run-chaos.ts'

const PAGE = fileURLToPath(new URL('../../../docs/relay-chaos.md', import.meta.url))

interface Flags {
  readonly quick: boolean
  readonly page: string
}

const program = new Command('chaos')
  .description('Kills and pauses relays while events are written, and accounts for every event.')
  .option('--quick', 'runs of seconds, without a page', false)
  .option('--page <file>', 'where the page goes', PAGE)
  .action(async ({ quick, page }: Flags) => {
    const plans = quick ? SHORT_PLANS : FULL_PLANS
    if (plans.some(({ receiver }) => receiver === 'nats') && !hasNatsServer()) {
      program.error('nats-server is not on the PATH; install the Debian package nats-server')
    }
    const runs: ChaosRun[] = []
    for (const plan of plans) {
      process.stderr.write(`${plan.title}: ${plan.write.events} events in ${plan.write.forMs / 1_000} s\n`)
      runs.push(await runChaos(plan))
    }
    const text = renderPage(runs)
    process.stdout.write(text)
    if (!quick) writeFileSync(page, text)
    if (runs.some(({ account }) => account.violations.length > 0)) process.exitCode = 1
  })

await program.parseAsync()
