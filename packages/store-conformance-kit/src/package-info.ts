import { readFileSync } from 'node:fs'

/** The folder of this package: one level above its sources, and one above what is built of them. */
export const PACKAGE_ROOT = new URL('..', import.meta.url)

const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8'))

/** The name and version of this package, as its manifest states them. */
export const { name: PACKAGE_NAME, version: PACKAGE_VERSION } = manifest as { name: string; version: string }
