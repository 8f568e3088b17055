import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { until } from '../../testing/until.ts'
import {
  isRunning,
  isServerOf,
  listFromPs,
  listProcesses,
  type ProcessEntry,
  processTree,
  signalAll,
} from './processes.ts'

test('lists every process with its parent and its state', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 60'], { stdio: 'ignore' })
  const pid = child.pid ?? 0
  await until('the child is there', () => listProcesses().some((entry) => entry.pid === pid))
  expect(listProcesses().find((entry) => entry.pid === pid)?.parent).toBe(process.pid)
  expect(processTree(process.pid).map((entry) => entry.pid)).toContain(pid)
  signalAll([pid], 'SIGSTOP')
  await until('the child is stopped', () => processTree(pid)[0]?.state === 'T')
  signalAll([pid], 'SIGKILL')
  await once(child, 'exit')
  expect(isRunning(pid)).toBe(false)
})

test('reads the same from ps as from where it usually reads', () => {
  const own = ({ pid }: { readonly pid: number }) => pid === process.pid || pid === process.ppid
  const relation = ({ pid, parent }: { readonly pid: number; readonly parent: number }) => ({ pid, parent })
  const family = (list: readonly ProcessEntry[]) =>
    list
      .filter(own)
      .map(relation)
      .sort((a, b) => a.pid - b.pid)
  const usual = family(listProcesses())
  expect(usual).toHaveLength(2)
  expect(family(listFromPs())).toEqual(usual)
})

test('a process that has ended unnoticed does not run', async () => {
  // The shell becomes a `sleep` that never asks for the end of its child.
  const shell = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(shell.stdout, 'data')) as [Buffer]
  const pid = Number(String(line))
  const commandOf = (of: number) =>
    execFileSync('ps', ['-o', 'comm=', '-p', String(of)], { encoding: 'utf8' })
  await until('the shell is a sleep', () =>
    commandOf(shell.pid ?? 0)
      .trim()
      .endsWith('sleep'),
  )
  signalAll([pid], 'SIGKILL')
  await until('the child is a zombie', () => processTree(pid)[0]?.state === 'Z')
  expect(() => process.kill(pid, 0)).not.toThrow()
  expect(isRunning(pid)).toBe(false)
  shell.kill('SIGKILL')
  await once(shell, 'exit')
})

test('a process that is no Postgres serves no data folder', () => {
  expect(isServerOf(process.pid, process.cwd())).toBe(false)
  expect(isServerOf(Number.NaN, '/')).toBe(false)
  expect(isServerOf(0, '/')).toBe(false)
})

test('signals to a process that has ended are no error', async () => {
  const child = spawn('/bin/sh', ['-c', 'exit 0'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(() => signalAll([child.pid ?? 0], 'SIGTERM')).not.toThrow()
  // Would end this very process.
  signalAll([0, Number.NaN], 'SIGKILL')
})
