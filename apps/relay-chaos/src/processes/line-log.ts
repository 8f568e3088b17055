import { openSync, readFileSync, writeSync } from 'node:fs'

/** A file of lines that survives the death of its writer: each line is with the system before the call returns. */
export interface LineLog {
  write(line: object): void
}

export function openLineLog(file: string): LineLog {
  const descriptor = openSync(file, 'a')
  return { write: (line) => void writeSync(descriptor, `${JSON.stringify(line)}\n`) }
}

/** The whole lines of a file; a last one that its writer's death cut off is left out. */
export function readLineLog<Line>(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}
