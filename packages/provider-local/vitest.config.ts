import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@user-engine/source'] },
  ssr: { resolve: { conditions: ['@user-engine/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    globalSetup: ['./src/vitest.ts'],
    // Real servers on small machines: generous for what never waits, so that a limit that is hit is a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // They wait for servers more than they compute.
    maxWorkers: 2,
  },
})
