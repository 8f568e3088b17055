import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

/** The packages of this repository that a manifest asks for, with the tarball of each. */
export type Tarballs = ReadonlyMap<string, string>

/** Builds the packages with these names and packs them as they would be published. */
export async function packPackages(
  root: string,
  names: readonly string[],
  destination: string,
): Promise<Tarballs> {
  await runProgram(['turbo', 'run', 'build', '--ui=stream', ...names.map((name) => `--filter=${name}`)], {
    cwd: root,
  })
  const tarballs = new Map<string, string>()
  for (const folder of await readdir(join(root, 'packages'))) {
    const cwd = join(root, 'packages', folder)
    const { name } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as {
      readonly name: string
    }
    if (!names.includes(name)) continue
    // A folder of its own for each: what is in it afterwards is the tarball, whatever it is called.
    const own = join(destination, folder)
    await mkdir(own, { recursive: true })
    await runProgram(['pnpm', 'pack', '--pack-destination', own], { cwd })
    const [file] = await readdir(own)
    if (file !== undefined) tarballs.set(name, join(own, file))
  }
  const missing = names.filter((name) => !tarballs.has(name))
  if (missing.length > 0) throw new TypeError(`no package of this repository is called ${missing.join(', ')}`)
  return tarballs
}
