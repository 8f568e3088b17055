import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@user-engine/source'] },
  ssr: { resolve: { conditions: ['@user-engine/source'] } },
  test: { include: ['src/**/*.test.ts'] },
})
