import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { showError } from '../show.ts'
import { CannotJudge } from './cannot-judge.ts'

/** The value of a JSON file. @throws CannotJudge when it cannot be read or is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CannotJudge(`${file} cannot be read: ${showError(error)}.`)
  })
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    throw new CannotJudge(`${file} is not JSON.`)
  }
}

/**
 * Makes sure that a file can be written later, before anything takes long, and empties it: the report of an earlier run
 * must not be taken for that of one that could not begin.
 *
 * @throws CannotJudge when it cannot be written.
 */
export async function prepareFile(file: string): Promise<void> {
  await writing(file, async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, '')
  })
}

/** @throws CannotJudge when the file cannot be written. */
export async function writeText(file: string, text: string): Promise<void> {
  await writing(file, () => writeFile(file, text))
}

async function writing(file: string, write: () => Promise<void>): Promise<void> {
  await write().catch((error: unknown) => {
    throw new CannotJudge(`${file} cannot be written: ${showError(error)}.`)
  })
}
