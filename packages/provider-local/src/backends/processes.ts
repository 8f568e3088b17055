import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Whether a process with this id is there, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The process and all its descendants, the process first. */
export function processTree(root: number): readonly number[] {
  const parents = processParents()
  const tree = [root]
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  }
  return tree
}

/** Sends a signal to every process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // Ended in the meantime.
    }
  }
}

function processParents(): readonly (readonly [pid: number, parent: number])[] {
  return existsSync('/proc/self/stat') ? parentsFromProc() : parentsFromPs()
}

function parentsFromProc(): readonly (readonly [number, number])[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const parent = statFields(Number(name))?.[1]
      return parent === undefined ? [] : [[Number(name), Number(parent)] as const]
    })
}

function parentsFromPs(): readonly (readonly [number, number])[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, parent]) => (pid === undefined || parent === undefined ? [] : [[pid, parent] as const]))
}

function isZombie(pid: number): boolean {
  return statFields(pid)?.[0] === 'Z'
}

// State and parent, the fields after the command name, which stands in parentheses and may hold anything.
function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
