import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Tarballs } from './packed-packages.ts'

interface Manifest {
  readonly dependencies: { readonly [name: string]: string }
  readonly devDependencies: { readonly [name: string]: string }
}

const LEFT_BEHIND = new Set(['node_modules', 'reports'])

/** The packages of this repository that the starter depends on. */
export async function findOwnDependencies(starter: string): Promise<readonly string[]> {
  const { dependencies, devDependencies } = await readManifest(starter)
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
    name.startsWith('@user-engine/'),
  )
}

/**
 * Copies the starter, as a provider would, and points its dependencies at the tarballs: what is not published yet cannot
 * come from the registry. The overrides make the packages find each other in the tarballs as well.
 */
export async function copyStarter(starter: string, target: string, tarballs: Tarballs): Promise<void> {
  await cp(starter, target, { recursive: true, filter: (path) => !LEFT_BEHIND.has(basename(path)) })
  const manifest = await readManifest(target)
  const point = (dependencies: Manifest['dependencies']) =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => {
        const tarball = tarballs.get(name)
        return [name, tarball === undefined ? range : `file:${tarball}`]
      }),
    )
  const pointed = {
    ...manifest,
    dependencies: point(manifest.dependencies),
    devDependencies: point(manifest.devDependencies),
    overrides: Object.fromEntries([...tarballs.keys()].map((name) => [name, `$${name}`])),
  }
  await writeFile(join(target, 'package.json'), `${JSON.stringify(pointed, null, 2)}\n`)
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}
