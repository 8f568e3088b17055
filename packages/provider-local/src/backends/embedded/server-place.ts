import type { Standby } from '../../recovery.ts'
import type { AdminConnection } from '../backend.ts'
import { besideCluster, chooseCluster, type DataFolder, otherClusters, removeCluster } from './data-folder.ts'
import type { PostgresServer } from './postgres-server.ts'
import type { ServerAccount } from './server-account.ts'
import { forgetStandbys } from './standby-slot.ts'

/** A server that runs, the cluster it serves, and where it listens. */
export interface PlacedServer {
  readonly server: PostgresServer
  readonly cluster: string
  readonly port: number
  readonly admin: AdminConnection
}

/** The place of the primary in a data folder: who has it, and how another one gets it. */
export interface ServerPlace {
  readonly data: DataFolder
  readonly account: ServerAccount | null
  /** Whether the log is archived. */
  readonly isArchived: boolean
  readonly primary: PlacedServer
  /** Those that follow the primary. */
  readonly standbys: Set<Standby>
  /** Starts a server on the data folder's own cluster, or finds the one that serves it. */
  open(port: number | undefined): Promise<{ readonly reused: boolean }>
  /** Starts a server on a cluster beside that of the primary. */
  startBeside(options: BesideOptions): Promise<PlacedServer>
  /** Makes this server the primary, and removes the cluster of the one before, which must have ended. */
  take(next: PlacedServer): void
  stop(): Promise<void>
}

export interface BesideOptions {
  readonly cluster: string
  /** Default: a free one. */
  readonly port?: number
  /** In addition to those of every server here. */
  readonly settings: Readonly<Record<string, string>>
  readonly isStandby: boolean
}

interface ServerPlaceOptions {
  readonly data: DataFolder
  readonly account: ServerAccount | null
  readonly isArchived: boolean
  /** Whether the data folder was made for this place, so that nobody can have left anything in it. */
  readonly isTemporary: boolean
  readonly createServer: (
    folder: DataFolder,
    own: Pick<BesideOptions, 'settings' | 'isStandby'>,
  ) => PostgresServer
}

export function createServerPlace(options: ServerPlaceOptions): ServerPlace {
  return new FolderPlace(options)
}

class FolderPlace implements ServerPlace {
  readonly data: DataFolder
  readonly account: ServerAccount | null
  readonly isArchived: boolean
  readonly standbys = new Set<Standby>()
  readonly #isTemporary: boolean
  readonly #createServer: ServerPlaceOptions['createServer']
  #primary: PlacedServer

  constructor({ data, account, isArchived, isTemporary, createServer }: ServerPlaceOptions) {
    this.data = data
    this.account = account
    this.isArchived = isArchived
    this.#isTemporary = isTemporary
    this.#createServer = createServer
    this.#primary = placed(createServer(data, { settings: {}, isStandby: false }), data.cluster, 0)
  }

  get primary(): PlacedServer {
    return this.#primary
  }

  async open(port: number | undefined): Promise<{ readonly reused: boolean }> {
    const { server, cluster } = this.#primary
    const found = await server.open(port)
    this.#primary = placed(server, cluster, found.port)
    // What a process left that was ended: half-made, or following a server that went with it.
    if (!found.reused && !this.#isTemporary) {
      for (const left of otherClusters(this.data.path)) removeCluster(left)
      await forgetStandbys(this.#primary.admin)
    }
    return found
  }

  async startBeside({ cluster, port, settings, isStandby }: BesideOptions): Promise<PlacedServer> {
    const server = this.#createServer(besideCluster(this.data, cluster), { settings, isStandby })
    try {
      return placed(server, cluster, (await server.open(port)).port)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  take(next: PlacedServer): void {
    const { cluster } = this.#primary
    chooseCluster(this.data.path, next.cluster)
    this.#primary = next
    try {
      removeCluster(cluster)
    } catch {
      // It has no say any more, and the next start on a folder that is kept tries again.
    }
  }

  async stop(): Promise<void> {
    for (const standby of this.standbys) await standby.stop()
    await this.#primary.server.stop()
  }
}

function placed(server: PostgresServer, cluster: string, port: number): PlacedServer {
  return {
    server,
    cluster,
    port,
    // Read each time: a server that is started again may have another certificate.
    get admin() {
      return server.admin(port)
    },
  }
}
