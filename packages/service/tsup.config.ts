import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/nats/index.ts', 'src/sink-conformance/index.ts'],
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
  treeshake: true,
})
