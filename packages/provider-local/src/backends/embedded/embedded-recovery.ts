// Backups, restores and standbys of embedded servers. Whatever is made is made beside the cluster, and takes its place when it
// is complete.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { asAdministrator } from '../../administration.ts'
import { ProviderError } from '../../provider-error.ts'
import type { BaseBackup, Recovery, RestoreTarget, Standby, StandbyOptions } from '../../recovery.ts'
import { copyCluster, copyLog, copyRestingCluster, leaveSignal } from './copy-cluster.ts'
import { removeCluster } from './data-folder.ts'
import type { ServerPlace } from './server-place.ts'
import { endStandbys, startStandbyServer } from './standby-server.ts'
import { archivePath, restoreSettings } from './wal-archive.ts'

const MAX_POINT_BYTES = 63

export function createEmbeddedRecovery(place: ServerPlace): Recovery {
  return new FolderRecovery(place)
}

class FolderRecovery implements Recovery {
  readonly #place: ServerPlace

  constructor(place: ServerPlace) {
    this.#place = place
  }

  async backUp(): Promise<BaseBackup> {
    const { data, account, primary } = this.#place
    this.#assertArchive()
    const folder = join(data.path, 'backups')
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o711 })
    const path = join(folder, randomBytes(6).toString('hex'))
    await copyCluster({
      admin: primary.admin,
      source: primary.cluster,
      target: path,
      account,
      isArchived: true,
    })
    return { path }
  }

  async markRestorePoint(name: string): Promise<void> {
    const bytes = Buffer.byteLength(name)
    if (bytes === 0 || bytes > MAX_POINT_BYTES)
      throw new ProviderError(
        'INVALID_OPTION',
        `A restore point has a name of 1 to ${MAX_POINT_BYTES} bytes.`,
      )
    await this.#onPrimary('SELECT pg_create_restore_point($1)', [name])
  }

  async restore(backup: BaseBackup, target?: RestoreTarget): Promise<void> {
    const { data, account, primary } = this.#place
    this.#assertArchive()
    const settings = restoreSettings(archivePath(data.path), target)
    if (!existsSync(join(backup.path, 'backup_label')))
      throw new ProviderError('INVALID_OPTION', `There is no backup in ${backup.path}.`)
    const cluster = join(data.path, `restored-${randomBytes(6).toString('hex')}`)
    // The archive then has everything, also for a restore that comes after this one. One that is down has its log still.
    await this.#onPrimary('SELECT pg_switch_wal()').catch(() => {})
    await endStandbys(this.#place)
    await primary.server.stop()
    try {
      await copyRestingCluster({ source: backup.path, target: cluster, account })
      await copyLog({ source: primary.cluster, target: cluster, account })
      leaveSignal(cluster, 'recovery', account)
      this.#place.take(
        await this.#place.startBeside({ cluster, port: primary.port, settings, isStandby: false }),
      )
    } catch (error) {
      removeCluster(cluster)
      await primary.server.open(primary.port)
      throw error
    }
  }

  async startStandby(options: StandbyOptions = {}): Promise<Standby> {
    return await startStandbyServer(this.#place, options)
  }

  #assertArchive(): void {
    if (this.#place.isArchived) return
    throw new ProviderError(
      'NOT_SUPPORTED',
      'This server does not keep its log: create the provider with archive: true.',
    )
  }

  async #onPrimary(text: string, values: readonly unknown[] = []): Promise<void> {
    const { admin } = this.#place.primary
    await asAdministrator(admin, admin.database, (client) => client.query(text, [...values]))
  }
}
