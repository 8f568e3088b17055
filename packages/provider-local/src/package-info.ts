import { readFileSync } from 'node:fs'

const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** The name and version of this package, as its manifest states them. */
export const { name: PACKAGE_NAME, version: PACKAGE_VERSION } = manifest as {
  readonly name: string
  readonly version: string
}
