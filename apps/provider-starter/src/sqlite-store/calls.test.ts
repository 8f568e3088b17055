import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUserEngineError } from '@user-engine/store-protocol'
import { createCalls } from './calls.ts'

const fail = () => {
  throw new RangeError('on purpose')
}

function inTransaction() {
  return createCalls({ aborts: true, isEnded: () => false })
}

test('a failure that nobody looked at is what the commit fails with', async () => {
  const calls = inTransaction()
  void calls.call(fail)
  await assert.rejects(calls.settle(), RangeError)
})

test('a failure that work swallowed is TRANSACTION_ABORTED, for later calls and for the commit', async () => {
  const calls = inTransaction()
  await calls.call(fail).catch(() => {})
  const isAborted = (error: unknown) => isUserEngineError(error, 'TRANSACTION_ABORTED')
  await assert.rejects(
    calls.call(() => 1),
    isAborted,
  )
  await assert.rejects(calls.settle(), isAborted)
})

test('a nested failure that the outer work catches is no failure of the outer work', async () => {
  const calls = inTransaction()
  await calls.nest(async () => fail()).catch(() => {})
  await calls.settle()
})

test('a nested failure that nobody waits for is one of the outer work', async () => {
  const calls = inTransaction()
  void calls.nest(async () => fail())
  await assert.rejects(calls.settle(), RangeError)
})
