import type { Backend, BackendKind } from './backends/backend.ts'
import { createContainerBackend, hasContainerRuntime } from './backends/container-backend.ts'
import { createEmbeddedBackend } from './backends/embedded-backend.ts'
import { createUrlBackend } from './backends/url-backend.ts'
import { type LocalProvider, providerOver } from './local-provider.ts'
import { ProviderError } from './provider-error.ts'

export interface LocalProviderOptions {
  /** Default `auto`: a given URL, else a container where a runtime answers, else an embedded server. */
  readonly backend?: 'auto' | BackendKind
  /** The URL of an administrator: a superuser, or a login with CREATEDB and CREATEROLE. */
  readonly databaseUrl?: string
  /** Embedded: where the data stays between runs. Absent: a temporary folder that goes with the provider. */
  readonly dataDir?: string
  /** Embedded: the port on 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** The major version of Postgres. Default: the one that comes embedded. */
  readonly major?: number
  /** Server settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

const DEFAULT_MAJOR = 18

/**
 * Brings up a Postgres, or takes the given one.
 * @throws ProviderError with one sentence that says what to change.
 */
export async function createLocalProvider(options: LocalProviderOptions = {}): Promise<LocalProvider> {
  const backend = await openBackend(options)
  try {
    return await providerOver(backend)
  } catch (cause) {
    await backend.stop()
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The ${backend.description} does not answer its administrator.`,
      { cause },
    )
  }
}

async function openBackend(options: LocalProviderOptions): Promise<Backend> {
  const { databaseUrl, dataDir, port, major, settings = {} } = options
  switch (await chooseBackend(options)) {
    case 'url':
      if (databaseUrl === undefined)
        throw new ProviderError('INVALID_OPTION', 'The url backend needs a database URL.')
      return createUrlBackend(databaseUrl)
    case 'container':
      return await createContainerBackend({ major: major ?? DEFAULT_MAJOR, settings })
    case 'embedded':
      return await createEmbeddedBackend({ dataDir, port, major, settings })
  }
}

async function chooseBackend({
  backend = 'auto',
  databaseUrl,
  dataDir,
}: LocalProviderOptions): Promise<BackendKind> {
  if (backend !== 'auto') return backend
  if (databaseUrl !== undefined) return 'url'
  // A data folder is something only the embedded server keeps.
  return dataDir === undefined && (await hasContainerRuntime()) ? 'container' : 'embedded'
}
