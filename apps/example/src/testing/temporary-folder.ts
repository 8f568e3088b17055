import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder that every account may enter; it goes when the test has finished. */
export async function makeTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'user-engine-example-'))
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A file with this text; it goes when the test has finished. */
export async function writeTemporaryFile(text: string, name = 'users.json'): Promise<string> {
  const file = join(await makeTemporaryFolder(), name)
  await writeFile(file, text)
  return file
}
