import { createPaperHarness } from './paper-capability.ts'

// biome-ignore lint/style/noDefaultExport: the command line takes a harness as the default export of a module
export default createPaperHarness
