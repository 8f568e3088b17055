// A global setup for vitest: one server per package run, shared by all test files.
import type { TestProject } from 'vitest/node'
import { BACKEND_KINDS } from './backends/backend.ts'
import {
  createLocalProvider,
  type LocalProviderOptions,
  MAJORS,
  type Major,
} from './create-local-provider.ts'
import type { ServerHandle } from './local-provider.ts'
import { ProviderError } from './provider-error.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** For `attachLocalProvider`. */
    readonly postgresServer: ServerHandle
  }
}

/**
 * Brings up a server before the tests and stops it after them. `USER_ENGINE_DATABASE_URL` names a given server,
 * `USER_ENGINE_TEST_BACKEND` one kind of backend, `USER_ENGINE_TEST_MAJOR` a major version of Postgres; without them the
 * choice is the provider's.
 * @throws ProviderError with one sentence that says what to change.
 */
// biome-ignore lint/style/noDefaultExport: vitest calls the default export of a global setup.
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provider = await createLocalProvider(readEnvironment(process.env))
  process.stdout.write(`tests run on ${provider.backend.description}\n`)
  project.provide('postgresServer', provider.serverHandle)
  return () => provider.stop()
}

/**
 * The major version that `USER_ENGINE_TEST_MAJOR` asks for, as options for the servers that a test makes for itself.
 * @throws ProviderError `INVALID_OPTION` for one that is not supported.
 */
export function testMajor(environment: NodeJS.ProcessEnv = process.env): { readonly major?: Major } {
  // An empty variable is one that is not set: that is how it is unset in the settings of a pipeline.
  const wanted = environment.USER_ENGINE_TEST_MAJOR || undefined
  if (wanted === undefined) return {}
  const major = MAJORS.find((known) => String(known) === wanted)
  if (major === undefined)
    throw new ProviderError('INVALID_OPTION', `USER_ENGINE_TEST_MAJOR may be ${MAJORS.join(', ')}.`)
  return { major }
}

function readEnvironment(environment: NodeJS.ProcessEnv): LocalProviderOptions {
  const databaseUrl = environment.USER_ENGINE_DATABASE_URL || undefined
  const wanted = environment.USER_ENGINE_TEST_BACKEND || 'auto'
  const backend = (['auto', ...BACKEND_KINDS] as const).find((kind) => kind === wanted)
  if (backend === undefined) {
    throw new ProviderError(
      'INVALID_OPTION',
      `USER_ENGINE_TEST_BACKEND may be auto, ${BACKEND_KINDS.join(', ')}.`,
    )
  }
  const chosen = { backend, ...testMajor(environment) }
  return databaseUrl === undefined ? chosen : { ...chosen, databaseUrl }
}
