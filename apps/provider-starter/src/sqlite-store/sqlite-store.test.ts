import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { type AuditRecord, isUserEngineError } from '@user-engine/store-protocol'
import { createSqliteStore } from './sqlite-store.ts'

const ACME = { tenantId: 'acme' }
let folder = ''
let file = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqlite-store-test-'))
  file = join(folder, 'store.db')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('a denial does not wait for the open transaction around it, and keeps its place before what that commits', async () => {
  const store = createSqliteStore({ file })
  const [denied, allowed] = [audit('denied'), audit('allowed')]
  await store.transact(ACME, async (tx) => {
    await tx.audit.append(allowed)
    await store.recordDenial(ACME, denied)
  })
  const { items } = await store.read(ACME, (reader) => reader.audit.list())
  assert.deepEqual(
    items.map(({ id }) => id),
    [denied.id, allowed.id],
  )
  await store.close()
})

test('what a nested transaction left behind unawaited has no effect after it has failed', async () => {
  const store = createSqliteStore({ file })
  const { promise: late, resolve: wake } = Promise.withResolvers<void>()
  let straggler: Promise<unknown> = Promise.resolve()
  await store.transact(ACME, async (tx) => {
    const failing = tx.transact((nested) => {
      straggler = nested.transact(async (innermost) => {
        await late
        await innermost.audit.append(audit('allowed'))
      })
      throw new RangeError('on purpose')
    })
    await assert.rejects(failing, RangeError)
    wake()
    await assert.rejects(straggler, (error) => isUserEngineError(error, 'TRANSACTION_ENDED'))
  })
  const { items } = await store.read(ACME, (reader) => reader.audit.list())
  assert.deepEqual(items, [])
  await store.close()
})

test('the engine refuses to change, delete or replace audit records and denials, past the store', async () => {
  const store = createSqliteStore({ file })
  await store.transact(ACME, (tx) => tx.audit.append(audit('allowed')))
  await store.recordDenial(ACME, audit('denied'))
  await store.close()
  for (const [path, log] of [
    [file, 'audit_records'],
    [`${file}-beside`, 'denials'],
  ] as const) {
    const bare = new DatabaseSync(path)
    for (const sql of [
      `UPDATE ${log} SET outcome = 'failed'`,
      `DELETE FROM ${log}`,
      `INSERT OR REPLACE INTO ${log} SELECT * FROM ${log}`,
    ])
      assert.throws(() => bare.exec(sql), /append-only/, sql)
    bare.close()
  }
})

test('a file of another release is refused before anything is done with it', () => {
  const other = new DatabaseSync(file)
  other.exec('PRAGMA user_version = 99')
  other.close()
  assert.throws(() => createSqliteStore({ file }), isMismatch)
})

test('the order of the audit goes on over both files when they are opened again', async () => {
  const records = [audit('denied'), audit('allowed'), audit('denied'), audit('allowed')]
  for (const record of records) {
    const store = createSqliteStore({ file })
    if (record.outcome === 'denied') await store.recordDenial(ACME, record)
    else await store.transact(ACME, (tx) => tx.audit.append(record))
    await store.close()
  }
  const store = createSqliteStore({ file })
  const { items } = await store.read(ACME, (reader) => reader.audit.list())
  assert.deepEqual(items, records)
  await store.close()
})

function isMismatch(error: unknown): boolean {
  return isUserEngineError(error, 'SCHEMA_MISMATCH') && error.data.found === '99'
}

function audit(outcome: AuditRecord['outcome']): AuditRecord {
  const id = `01900000-0000-7000-8000-${randomBytes(6).toString('hex')}`
  return {
    id,
    tenantId: ACME.tenantId,
    occurredAt: '2026-01-31T09:30:00.000Z',
    actor: { type: 'user', id: 'ada' },
    action: 'user.suspend',
    target: { type: 'user', id },
    outcome,
    reason: null,
    changedFields: [],
    correlationId: null,
    causationId: null,
  }
}
