import { expect, test } from 'vitest'
import { CASES } from '../cases.ts'
import { unjudged } from '../run-case.ts'
import { SHALLOW_MANIFEST } from '../testing/shallow-harness.ts'
import { createProgressPrinter } from './progress-printer.ts'

const [firstCase] = CASES
if (firstCase === undefined) throw new Error('there are cases')
const failed = { ...unjudged(firstCase, null), status: 'failed' as const }
const started = { kind: 'case-started', id: 'TXN-01.a-long-name', title: 'a title', position: 1 } as const
const finished = { kind: 'case-finished', result: failed, position: 1 } as const
const begun = { kind: 'preflight-passed', capabilities: SHALLOW_MANIFEST, planned: 3 } as const

test('on a terminal it is one line, cut to its width, that is gone in the end', () => {
  const written: string[] = []
  const stream = { isTTY: true, columns: 30, write: (text: string) => written.push(text) }
  const printer = createProgressPrinter(stream)
  for (const event of [begun, started, finished]) printer.show(event)
  printer.end()
  expect(written.map((text) => text.replace('\r\u001B[2K', '<'))).toEqual([
    '<0 of 3 cases, 0 failed: TXN-0',
    '<1 of 3 cases, 1 failed',
    '<',
  ])
})

test('elsewhere it is a plain line at first and then one every ten seconds', () => {
  const written: string[] = []
  let now = 0
  const printer = createProgressPrinter({ write: (text) => written.push(text) }, () => now)
  printer.show(begun)
  for (const at of [9_999, 10_000, 19_999]) {
    now = at
    printer.show(started)
    printer.show(finished)
  }
  printer.end()
  expect(written).toEqual(['running 3 cases\n', '1 of 3 cases, 2 failed\n'])
})
