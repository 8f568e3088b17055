// A server must not outlive the process that started it, also when that process has no time to say goodbye. A small
// shell waits at the end of a pipe that closes with this process, however it ends, and then ends the server.
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

export interface ServerGuard {
  /** From now on this process goes with us. */
  watch(pid: number): void
  /** Everything has ended in order; there is nothing left to guard. */
  dismiss(): void
}

interface GuardOptions {
  readonly dataFolder: string
  /** A folder that goes with the server, or `null`. */
  readonly temporaryFolder: string | null
}

// $1: the data folder. $2: the temporary folder, or nothing. Each line is the process id of the server by now.
// Kept data: a fast shutdown, as in `stop`. Temporary data: an immediate one, which still frees the shared memory.
const SCRIPT = `
server=0
while read -r line; do
  if [ "$line" = dismissed ]; then exit 0; fi
  server=$line
done

serves() {
  [ "$server" -gt 0 ] && kill -0 "$server" 2>/dev/null || return 1
  [ ! -d /proc/self ] || [ "/proc/$server/cwd" -ef "$1" ]
}

members() {
  if [ -d /proc/self ]; then
    for process in /proc/[0-9]*; do
      if [ "$process/cwd" -ef "$1" ]; then echo "\${process#/proc/}"; fi
    done
  else
    ps -A -o pid=,ppid= | while read -r pid parent; do
      if [ "$pid" = "$server" ] || [ "$parent" = "$server" ]; then echo "$pid"; fi
    done
  fi
}

if serves "$1"; then
  kill -s CONT $(members "$1") 2>/dev/null
  if [ -n "$2" ]; then kill -s QUIT "$server"; else kill -s INT "$server"; fi
  rounds=0
  while serves "$1" && [ "$rounds" -lt 150 ]; do sleep 0.1; rounds=$((rounds + 1)); done
  if serves "$1"; then kill -s KILL $(members "$1") 2>/dev/null; fi
fi
if [ -n "$2" ]; then rm -rf -- "$2"; fi
`

/** Starts to guard what `watch` will name. */
export function startServerGuard({ dataFolder, temporaryFolder }: GuardOptions): ServerGuard {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'user-engine-guard', dataFolder, temporaryFolder ?? ''], {
    cwd: '/',
    // Out of reach of Ctrl-C: it has work to do after that.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a shell, or without the guard, the server still runs; only a sudden end of ours would leave it behind.
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  return {
    watch: (pid) => {
      shell.stdin.write(`${pid}\n`)
    },
    dismiss: () => {
      shell.stdin.end('dismissed\n')
    },
  }
}
