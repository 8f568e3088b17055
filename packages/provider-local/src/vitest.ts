// A global setup for vitest: one server per package run, shared by all test files.
import type { TestProject } from 'vitest/node'
import type { BackendKind } from './backends/backend.ts'
import { createLocalProvider } from './create-local-provider.ts'
import type { ServerHandle } from './local-provider.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** For `attachLocalProvider`. */
    readonly postgresServer: ServerHandle
  }
}

/**
 * Brings up a server before the tests and stops it after them. `USER_ENGINE_DATABASE_URL` names a given server,
 * `USER_ENGINE_TEST_BACKEND` one kind of backend; without them the choice is the provider's.
 */
// biome-ignore lint/style/noDefaultExport: vitest calls the default export of a global setup.
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const databaseUrl = process.env['USER_ENGINE_DATABASE_URL']
  const backend = process.env['USER_ENGINE_TEST_BACKEND'] as BackendKind | undefined
  const provider = await createLocalProvider({
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(backend === undefined ? {} : { backend }),
  })
  process.stdout.write(
    `tests run on ${provider.backend.description}, version ${provider.backend.serverVersion}\n`,
  )
  project.provide('postgresServer', provider.serverHandle)
  return async () => await provider.stop()
}
