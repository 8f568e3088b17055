import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive } from './processes.ts'

const POLL_MS = 25

/** Lets one process at a time decide whether a data folder needs a server. A lock left by a dead process is taken over. */
export async function withStartLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const file = join(folder, 'start.lock')
  while (!tryLock(file)) await delay(POLL_MS)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryLock(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx')
    writeSync(descriptor, String(process.pid))
    closeSync(descriptor)
    return true
  } catch {
    removeIfStale(file)
    return false
  }
}

function removeIfStale(file: string): void {
  try {
    const holder = Number(readFileSync(file, 'utf8'))
    // An empty file is one that its owner is just about to sign.
    if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true })
  } catch {
    // Released in the meantime.
  }
}
