import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** One record of the file, not yet checked: where it stands, and what was parsed or why it could not be. */
export interface ScimRecord {
  /** The line of the file, or the position in the list, from 1. */
  readonly position: number
  readonly content:
    | { readonly ok: true; readonly value: unknown }
    | { readonly ok: false; readonly reason: string }
}

/** A file that cannot be taken for a user directory. */
export class ScimFileError extends Error {
  override readonly name = 'ScimFileError'
}

/** The largest file that is read whole because its users stand inside one JSON document: 512 MiB. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024

/**
 * Reads a user directory: one user per line, a single SCIM user, an array of users, or a ListResponse (RFC 7644
 * section 3.4.2). A line that is no JSON is a record with a reason; a file that is neither is an error.
 * @throws ScimFileError with one sentence when the file cannot be read or holds no users.
 */
export async function* readScimFile(path: string): AsyncGenerator<ScimRecord> {
  if (await isOneUserPerLine(path)) {
    yield* readLines(path)
    return
  }
  yield* await readDocument(path)
}

// A document starts on its first line and goes on; a line file has a whole JSON object on its first line and another
// on a later one, or a line that cannot be read before one that is a user.
async function isOneUserPerLine(path: string): Promise<boolean> {
  let linesSeen = 0
  let isFirstWhole = false
  for await (const line of linesOf(path)) {
    if (line.trim() === '') continue
    linesSeen += 1
    if (linesSeen === 1) isFirstWhole = isJsonObject(line)
    else if (isFirstWhole || (line.includes('"userName"') && isJsonObject(line))) return true
  }
  return false
}

function isJsonObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

async function* readLines(path: string): AsyncGenerator<ScimRecord> {
  let position = 0
  for await (const line of linesOf(path)) {
    position += 1
    if (line.trim() === '') continue
    yield { position, content: parseLine(line) }
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, 'utf8')
  let isFirst = true
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield isFirst ? withoutByteOrderMark(line) : line
    isFirst = false
  }
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function parseLine(line: string): ScimRecord['content'] {
  try {
    return { ok: true, value: JSON.parse(line) as unknown }
  } catch {
    return { ok: false, reason: 'the line is not JSON' }
  }
}

async function readDocument(path: string): Promise<ScimRecord[]> {
  const handle = await open(path)
  const { size } = await handle.stat()
  await handle.close()
  if (size > MAX_DOCUMENT_BYTES) {
    throw new ScimFileError(
      `${path} is one JSON document of more than 512 MiB; write one user per line instead.`,
    )
  }
  const users = usersOf(parseDocument(path, withoutByteOrderMark(await readFile(path, 'utf8'))))
  if (users === null)
    throw new ScimFileError(
      `${path} holds neither SCIM users, one per line, nor an array of them, nor a ListResponse.`,
    )
  return users.map((value, index) => ({ position: index + 1, content: { ok: true, value } }))
}

function parseDocument(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ScimFileError(`${path} is not JSON, and its first line is not a JSON object either.`)
  }
}

function usersOf(document: unknown): readonly unknown[] | null {
  if (Array.isArray(document)) return document
  if (typeof document !== 'object' || document === null) return null
  if ('Resources' in document && Array.isArray(document.Resources)) return document.Resources
  return 'userName' in document ? [document] : null
}
