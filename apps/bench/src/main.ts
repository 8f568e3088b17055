import { Command, Option } from 'commander'
import { PARTS, type PartName, runBench } from './run-bench.ts'

const program = new Command('bench')
  .description(
    'Measures the store and the service against the limit of the database, on one server in one run.',
  )
  .option('--quick', 'fewer and shorter rounds: under two minutes', false)
  .addOption(
    new Option('--only <parts...>', 'only these parts; the results of the others stay').choices(PARTS),
  )
  .option('--rounds <count>', 'rounds of every cell', Number)
  .option('--seconds <seconds>', 'the length of a round', Number)
  .option('--results <folder>', 'where the results go', new URL('../results/', import.meta.url).pathname)
  .action(
    async (flags: {
      quick: boolean
      only?: PartName[]
      rounds?: number
      seconds?: number
      results: string
    }) => {
      await runBench({ ...flags, say: (line) => process.stdout.write(`${line}\n`) })
    },
  )

await program.parseAsync()
