// A program that owns a provider and does what it is told: `stop`, `leave` (end without stopping), `query`, `follow` (start a
// standby that must have each commit). On Ctrl-C it asks the server once more and stops it in order, as an application does.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createLocalProvider, type LocalProviderOptions } from '../create-local-provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { ProviderMessage } from './provider-process.ts'

function tell(message: ProviderMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

const options = JSON.parse(process.argv[2] ?? '{}') as LocalProviderOptions
try {
  const provider = await createLocalProvider({ backend: 'embedded', ...options })
  const database = await provider.provisionDatabase({ name: 'program' })
  // Two of these programs may run at once, and IF NOT EXISTS alone does not queue them up.
  await database.query(
    'SELECT pg_advisory_xact_lock(1); CREATE TABLE IF NOT EXISTS user_engine.kept (value int)',
  )
  await database.query('INSERT INTO user_engine.kept VALUES (1)')
  const query = async () => tell({ rows: (await database.query('SELECT value FROM user_engine.kept')).rows })
  const interrupted = once(process, 'SIGINT').then(() => 'interrupt')
  tell({ ready: { handle: provider.serverHandle, reused: provider.backend.reused, pid: process.pid } })
  const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  for (;;) {
    const command = await Promise.race([interrupted, commands.next().then(({ value }) => String(value))])
    if (command === 'leave') process.exit(0)
    if (command === 'follow') await provider.recovery.startStandby({ synchronous: true })
    await query()
    if (command === 'query' || command === 'follow') continue
    await provider.stop()
    tell({ stopped: true })
    process.exit(0)
  }
} catch (error) {
  if (!(error instanceof ProviderError)) throw error
  tell({ refused: { code: error.code, message: error.message } })
}
