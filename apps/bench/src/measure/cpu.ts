import { readdirSync, readFileSync } from 'node:fs'

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

/** Reads the clocks of Linux; elsewhere everything is 0. */
export function readCpu(postmasterPid: number): CpuTimes {
  const client = readTimes('self')?.withEnded ?? 0
  const postmaster = readTimes(postmasterPid)
  if (postmaster === null) return { client, server: 0 }
  let server = postmaster.withEnded
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const times = readTimes(entry)
    if (times?.parent === postmasterPid) server += times.own
  }
  return { client, server }
}
