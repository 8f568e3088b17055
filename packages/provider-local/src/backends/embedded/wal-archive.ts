// The settings with which a server keeps its log and reads it back.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ProviderError } from '../../provider-error.ts'
import type { RestoreTarget } from '../../recovery.ts'
import { giveTo, type ServerAccount } from './server-account.ts'

type Settings = Readonly<Record<string, string>>

/** Where the archived log of a data folder is. */
export function archivePath(dataFolder: string): string {
  return join(dataFolder, 'archive')
}

/** Creates it where it is missing. */
export function makeArchive(dataFolder: string, account: ServerAccount | null): void {
  const archive = archivePath(dataFolder)
  if (existsSync(archive)) return
  mkdirSync(archive, { mode: 0o700 })
  giveTo(archive, account)
}

/** Keeps every segment of the log. One that was archived right before a crash may come again. */
export function archiveSettings(archive: string): Settings {
  const kept = `${quote(archive)}/%f`
  return {
    archive_mode: 'on',
    archive_command: `cmp -s "%p" ${kept} || (cp "%p" ${kept}.part && mv ${kept}.part ${kept})`,
  }
}

/** Reads the log back up to a target, and takes work from there on. */
export function restoreSettings(archive: string, target: RestoreTarget | undefined): Settings {
  return {
    restore_command: `cp ${quote(archive)}/%f "%p"`,
    recovery_target_action: 'promote',
    ...targetSetting(target),
  }
}

function targetSetting(target: RestoreTarget | undefined): Settings {
  if (target === undefined) return {}
  if ('point' in target) return { recovery_target_name: target.point }
  if (Number.isNaN(Date.parse(target.instant)))
    throw new ProviderError('INVALID_OPTION', 'The target of a restore is an ISO-8601 instant.')
  // A server that has only begun to start knows no names of time zones, Z among them.
  return { recovery_target_time: new Date(target.instant).toISOString().replace('Z', '+00') }
}

// For the shell, after Postgres has put in its own words for what begins with a percent sign.
function quote(path: string): string {
  return `'${path.replaceAll('%', '%%').replaceAll("'", `'\\''`)}'`
}
