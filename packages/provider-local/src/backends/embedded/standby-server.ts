import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ProviderError } from '../../provider-error.ts'
import type { Standby, StandbyOptions } from '../../recovery.ts'
import { copyCluster, leaveSignal } from './copy-cluster.ts'
import { removeCluster } from './data-folder.ts'
import { writeOwned } from './server-account.ts'
import type { PlacedServer, ServerPlace } from './server-place.ts'
import { createSlot, dropSlot, logPosition, makeSynchronous, untilReplayed } from './standby-slot.ts'

/** Copies the primary and lets the copy follow it over a replication slot, so that no log is thrown away too early. */
export async function startStandbyServer(
  place: ServerPlace,
  { synchronous = false }: StandbyOptions,
): Promise<Standby> {
  const { data, account, primary } = place
  const name = `standby_${randomBytes(6).toString('hex')}`
  const cluster = join(data.path, name.replace('_', '-'))
  const passwordFile = `${cluster}.password`
  await createSlot(primary.admin, name)
  try {
    await copyCluster({
      admin: primary.admin,
      source: primary.cluster,
      target: cluster,
      account,
      isArchived: false,
    })
    leaveSignal(cluster, 'standby', account)
    const { host, port, user, password } = primary.admin
    writeOwned(passwordFile, `${host}:${port}:*:${user}:${password}\n`, account)
    const settings = {
      primary_conninfo: `host=${host} port=${port} user=${user} passfile='${quoted(passwordFile)}' application_name=${name}`,
      primary_slot_name: name,
    }
    const server = await place.startBeside({ cluster, settings, isStandby: true })
    if (synchronous) await makeSynchronous(primary.admin, name)
    const standby = new FollowingServer({ place, name, follows: primary, server })
    place.standbys.add(standby)
    return standby
  } catch (error) {
    await dropSlot(primary.admin, name)
    removeCluster(cluster)
    throw error
  }
}

/** Ends every standby but one. */
export async function endStandbys(place: ServerPlace, except?: Standby): Promise<void> {
  for (const standby of place.standbys) if (standby !== except) await standby.stop()
}

class FollowingServer implements Standby {
  readonly #place: ServerPlace
  /** Of the slot on the primary, and of the standby itself. */
  readonly #name: string
  readonly #follows: PlacedServer
  readonly #server: PlacedServer

  constructor(options: {
    readonly place: ServerPlace
    readonly name: string
    readonly follows: PlacedServer
    readonly server: PlacedServer
  }) {
    this.#place = options.place
    this.#name = options.name
    this.#follows = options.follows
    this.#server = options.server
  }

  async caughtUp(): Promise<void> {
    this.#assertFollowing()
    const position = await logPosition(this.#follows.admin)
    await untilReplayed(this.#server.admin, position)
  }

  async promote(): Promise<void> {
    this.#assertFollowing()
    await endStandbys(this.#place, this)
    // Before the promotion: two that take writes would part ways.
    await this.#follows.server.stop()
    await this.#server.server.promote()
    this.#place.standbys.delete(this)
    this.#place.take(this.#server)
  }

  async stop(): Promise<void> {
    if (!this.#place.standbys.delete(this)) return
    await this.#server.server.stop()
    await dropSlot(this.#follows.admin, this.#name)
    removeCluster(this.#server.cluster)
  }

  #assertFollowing(): void {
    if (this.#place.standbys.has(this)) return
    throw new ProviderError('STOPPED', 'This standby was promoted or stopped: start another one.')
  }
}

function quoted(path: string): string {
  return path.replaceAll(/['\\]/g, '\\$&')
}
