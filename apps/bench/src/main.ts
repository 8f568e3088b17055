import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { writePage } from './report/write-page.ts'
import type { Results } from './results.ts'
import { PARTS, type PartName, runBench } from './run-bench.ts'

interface Flags {
  readonly quick: boolean
  readonly render: boolean
  readonly only?: PartName[]
  readonly rounds?: number
  readonly seconds?: number
  readonly results: string
  readonly docs: string
}

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const program = new Command('bench')
  .description(
    'Measures the store and the service against the limit of the database, on one server in one run.',
  )
  .option('--quick', 'fewer and shorter rounds: under two minutes, results in quick.json', false)
  .option('--render', 'measure nothing: write the page from the results that are there', false)
  .addOption(
    new Option('--only <parts...>', 'only these parts; the results of the others stay').choices(PARTS),
  )
  .option('--rounds <count>', 'rounds of every cell', Number)
  .option('--seconds <seconds>', 'the length of a round', Number)
  .option('--results <folder>', 'where the results go', folder('../results'))
  .option('--docs <folder>', 'where the page goes', folder('../../../docs'))
  .action(async (flags: Flags) => {
    if (flags.render) {
      writePage(JSON.parse(readFileSync(join(flags.results, 'latest.json'), 'utf8')) as Results, flags.docs)
    } else {
      await runBench({ ...flags, say: (line) => process.stdout.write(`${line}\n`) })
    }
  })

await program.parseAsync()
