import { ProviderError } from './provider-error.ts'

/**
 * What a platform does so that data outlives a server. After a restore and after a promotion every capability leads to the
 * server that has the data then, with new logins and another epoch [CAP-06].
 */
export interface Recovery {
  /**
   * Copies the server while it works. With the archived log it can be restored to any moment after this call.
   * @throws ProviderError `NOT_SUPPORTED` for a server without an archive.
   */
  backUp(): Promise<BaseBackup>
  /** Gives this moment a name that `restore` can go back to. @throws ProviderError `INVALID_OPTION`. */
  markRestorePoint(name: string): Promise<void>
  /**
   * Ends the server, also one that was killed, and puts in its place what the backup and the log make of it: everything up
   * to the target, and nothing after it. Databases that were not there then are not there now.
   * @param target Default: everything that was written.
   * @throws ProviderError `NOT_SUPPORTED` for a server without an archive; `INVALID_OPTION` for a backup that is not there;
   * `SERVER_FAILED`, for example for a target that the log does not reach; the server from before is then back.
   */
  restore(backup: BaseBackup, target?: RestoreTarget): Promise<void>
  /** Starts a second server that follows the first. */
  startStandby(options?: StandbyOptions): Promise<Standby>
}

/** A copy of a server; plain data. */
export interface BaseBackup {
  /** The folder that holds it. */
  readonly path: string
}

/** A restore point by its name, or the last commit at or before an ISO-8601 instant. */
export type RestoreTarget = { readonly point: string } | { readonly instant: string }

export interface StandbyOptions {
  /** Whether a commit waits until the standby has it, so that none is lost by a promotion. Default `false`. */
  readonly synchronous?: boolean
}

/** A server that follows another one. */
export interface Standby {
  /** Settles when it shows everything that was committed before this call. @throws ProviderError `SERVER_FAILED`. */
  caughtUp(): Promise<void>
  /**
   * Ends the server that it follows, in order if that still runs, and takes its place.
   * @throws ProviderError `SERVER_FAILED`; `STOPPED` when it was promoted or stopped before.
   */
  promote(): Promise<void>
  /** Ends it and forgets its data. Nothing to do when it was promoted. */
  stop(): Promise<void>
}

/** The recovery of servers that are not ours to replace. */
export function refusedRecovery(what: string): Recovery {
  const refuse = () =>
    Promise.reject(
      new ProviderError(
        'NOT_SUPPORTED',
        `The data of ${what} is not ours to copy: create a provider with the embedded backend.`,
      ),
    )
  return { backUp: refuse, markRestorePoint: refuse, restore: refuse, startStandby: refuse }
}
