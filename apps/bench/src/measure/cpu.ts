import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** CPU time used so far, in milliseconds. */
export interface CpuTimes {
  /** This process and the children it has waited for. */
  readonly client: number
  /** The server: the postmaster, its processes, and those that have ended. */
  readonly server: number
}

const MS_PER_TICK = 10

interface ProcessTimes {
  readonly parent: number
  readonly own: number
  readonly withEnded: number
}

function readTimes(pid: string | number): ProcessTimes | null {
  try {
    const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '').split(' ').map(Number)
    const [, parent = 0] = fields
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
    const own = (user + system) * MS_PER_TICK
    return { parent, own, withEnded: own + (endedUser + endedSystem) * MS_PER_TICK }
  } catch {
    return null
  }
}

function processIds(): readonly string[] {
  return existsSync('/proc') ? readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)) : []
}

/** Reads the clocks of Linux; elsewhere everything is 0. */
export function readCpu(postmasterPid: number): CpuTimes {
  const client = readTimes('self')?.withEnded ?? 0
  for (;;) {
    const before = readTimes(postmasterPid)
    if (before === null) return { client, server: 0 }
    const children = processIds().map(readTimes)
    const own = children.reduce(
      (sum, times) => sum + (times?.parent === postmasterPid ? times.own : 0),
      before.withEnded,
    )
    // A process that ended meanwhile was neither among those that have ended nor among those that are there.
    if (readTimes(postmasterPid)?.withEnded === before.withEnded) return { client, server: own }
  }
}
