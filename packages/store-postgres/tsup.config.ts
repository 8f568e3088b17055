import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli.ts',
    conformance: 'src/conformance/index.ts',
    'conformance/store-process': 'src/conformance/store-process.ts',
  },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
  treeshake: true,
})
