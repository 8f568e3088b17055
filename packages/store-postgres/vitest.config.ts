import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@user-engine/source'] },
  ssr: { resolve: { conditions: ['@user-engine/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    // The two longest files mostly wait for their servers.
    maxWorkers: 2,
    // A path, because vitest resolves packages here without the source condition.
    globalSetup: ['../provider-local/src/vitest.ts'],
    // The processes of stores that the cases start load the same modules each time.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
