import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@user-engine/source'] },
  ssr: { resolve: { conditions: ['@user-engine/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    // A path, because vitest resolves packages here without the source condition.
    globalSetup: ['../provider-local/src/vitest.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
