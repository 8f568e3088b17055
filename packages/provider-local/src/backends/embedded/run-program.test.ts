import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)

// In a process of its own: in this one, much else keeps the event loop alive.
test('a program that was let go is waited for all the same, where nothing else is left to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-program-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin/postgres'),
    '#!/bin/sh\necho "FATAL: it was nothing"\necho "FATAL:  the database system is shutting down"\nexit 1\n',
  )
  chmodSync(join(folder, 'bin/postgres'), 0o755)
  const context = { programs: { folder }, account: null, logFile: join(folder, 'log'), folder }
  const waiting = `
    import { runProgram } from ${JSON.stringify(new URL('./run-program.ts', import.meta.url).href)}
    const program = runProgram('postgres', [], ${JSON.stringify(context)})
    program.letGo()
    await program.untilEnded()
    console.log(program.hasEnded, program.failure)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', waiting])
  expect(stdout).toBe('true it was nothing\n')
})
