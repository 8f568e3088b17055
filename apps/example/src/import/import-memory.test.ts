// An import of any length takes the same memory: on a real Postgres, with records that would be missed if they stayed.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createUserEngineService } from '@user-engine/service'
import { expect, onTestFinished, test } from 'vitest'
import { createExampleAuthorization } from '../authorization.ts'
import type { ScimRecord } from '../scim/read-scim-file.ts'
import { openBackend } from '../start/open-backend.ts'
import { makeTemporaryFolder } from '../testing/temporary-folder.ts'
import { ensureDirectory } from './directory.ts'
import { importUsers } from './import-users.ts'

const RECORDS = 6_000
/** Once everything has been used that is kept for good: compiled code, connections, statements. */
const SETTLED_AFTER = 2_000
const BYTES_PER_RECORD = 8_000
/** A tenth of what the records after that moment would take. */
const MOST_GROWTH = ((RECORDS - SETTLED_AFTER) * BYTES_PER_RECORD) / 10
/** The transactions under way, the one that waits, and the one that is being filled. */
const MOST_AHEAD = 600

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

test('the memory of an import does not grow with its length', async () => {
  const dataDir = await makeTemporaryFolder()
  const backend = await openBackend({ store: 'postgres', databaseUrl: null, dataDir })
  onTestFinished(() => backend.close())
  const engine = createUserEngineService({
    store: backend.store,
    authorization: createExampleAuthorization(),
  })
  const context = { scope: { tenantId: 'demo' }, actor: { type: 'service', id: 'test' } } as const
  const { applicationId } = await ensureDirectory(engine, context)

  let done = 0
  let mostAhead = 0
  let settled = Number.NaN
  async function* records(): AsyncGenerator<ScimRecord> {
    for (let position = 1; position <= RECORDS; position += 1) {
      mostAhead = Math.max(mostAhead, position - done)
      if (position === SETTLED_AFTER) settled = heapUsed()
      const ballast = String(position).padEnd(BYTES_PER_RECORD, '.')
      yield { position, content: { ok: true, value: { userName: `user-${position}`, ballast } } }
    }
  }
  const outcomes = new Set<string>()
  await importUsers({
    ...{ engine, context, applicationId, issuer: 'scim:test', reactivates: false, records: records() },
    onDone({ outcome }) {
      done += 1
      outcomes.add(outcome)
    },
  })
  expect(done).toBe(RECORDS)
  expect([...outcomes]).toEqual(['created'])
  expect(mostAhead).toBeLessThanOrEqual(MOST_AHEAD)
  expect(heapUsed() - settled).toBeLessThan(MOST_GROWTH)
})
