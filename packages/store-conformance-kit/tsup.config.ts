import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/vitest.ts', 'src/node-test.ts', 'src/cli.ts', 'src/processes/process-main.ts'],
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
  treeshake: true,
})
