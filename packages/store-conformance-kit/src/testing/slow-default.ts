import { setTimeout as delay } from 'node:timers/promises'
import { createShallowHarness } from './shallow-harness.ts'

const shallow = createShallowHarness()

// biome-ignore lint/style/noDefaultExport: the command line takes a harness as the default export of a module
export default createShallowHarness({
  async freshNamespace() {
    await delay(200)
    return await shallow.freshNamespace()
  },
  open: shallow.open,
  dispose: async () => void process.stderr.write('disposed\n'),
})
