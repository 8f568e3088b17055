import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@user-engine/source'] },
  ssr: { resolve: { conditions: ['@user-engine/source'] } },
  // Some tests start processes of their own.
  test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 },
})
