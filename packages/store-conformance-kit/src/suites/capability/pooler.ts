import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { onlyTransactionMode } from '../../capability/capability-case.ts'
import { contextOf, refusalOf, run, serverProcessOf, setContext, textOf } from './steps.ts'

const SESSIONS = 4
const ROUNDS = 3

export const POOLER_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-03.pooler-is-as-described',
    rules: ['CAP-03', 'CAP-05'],
    title:
      'sessions share server connections when the description says that transactions do, and otherwise do not',
    run: (context) => showPooler(context),
  },
  {
    id: 'CAP-03.transactions-stay-on-one-connection',
    rules: ['CAP-03', 'CAP-05', 'TXN-01'],
    title:
      'all statements of a transaction reach one server connection and one transaction, while others work',
    async run({ check, open }) {
      const [session, other] = [await open('runtime'), await open('runtime')]
      const where = `SELECT concat_ws('-', pg_backend_pid(), pg_current_xact_id())`
      check.equal(await refusalOf(run(session, 'BEGIN')), null, 'what refuses the beginning of a transaction')
      const first = await textOf(session, where)
      for (let round = 0; round < ROUNDS; round++) {
        check.ok((await textOf(other, where)) !== first, 'another session has another transaction')
        check.equal(await textOf(session, where), first, 'the connection and the transaction')
      }
      await run(session, 'COMMIT')
    },
  },
  {
    id: 'CAP-03.prepared-statements-as-described',
    rules: ['CAP-03', 'CAP-05'],
    title: 'named statements survive from transaction to transaction, also where sessions share connections',
    notFor: ({ pooler }) => (pooler.preparedStatements ? null : 'pooler.preparedStatements is false'),
    async run({ check, open }) {
      for (let generation = 0; generation < 2; generation++) {
        const sessions = [await open('runtime'), await open('runtime'), await open('runtime')]
        for (let round = 0; round < ROUNDS; round++) {
          for (const [index, session] of sessions.entries()) {
            // The same name with another text: as two releases of a service would have it.
            const statement = { name: 'kit_probe', text: `SELECT $1::text AS value, '${index}' AS session` }
            const refusal = await refusalOf(session.query({ ...statement, values: [String(round)] }))
            check.equal(refusal, null, 'what refuses a named statement')
          }
        }
        for (const session of sessions) await session.end()
      }
    },
  },
  {
    id: 'CAP-05.many-sessions-over-few-connections',
    rules: ['CAP-05', 'CAP-03', 'TEN-06'],
    title:
      'transactions of many sessions interleave over few server connections, and each sees its own context alone',
    notFor: onlyTransactionMode,
    timeoutMs: 60_000,
    run: (context) => showInterleaving(context),
  },
]

async function showPooler({ check, open, manifest }: CapabilityContext): Promise<void> {
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => open('runtime')))
  const seen: string[][] = sessions.map(() => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, session] of sessions.entries()) seen[index]?.push(await serverProcessOf(session))
  const connections = new Set(seen.flat()).size
  if (manifest.pooler.mode === 'transaction') {
    check.ok(
      connections < SESSIONS,
      `${SESSIONS} sessions that work in turns share server connections`,
      connections,
    )
    return
  }
  check.equal(
    connections,
    SESSIONS,
    `server connections of ${SESSIONS} sessions that are open at the same time`,
  )
  for (const own of seen) check.equal(new Set(own).size, 1, 'server connections of one session')
}

async function showInterleaving({ check, open, note }: CapabilityContext): Promise<void> {
  const sessions = await Promise.all(Array.from({ length: 12 }, () => open('runtime')))
  const connections = new Set<string>()
  let transactions = 0
  const work = sessions.map(async (session, index) => {
    const scope = `kit-${index}`
    for (let round = 0; round < 8; round++) {
      await run(session, 'BEGIN')
      await setContext(session, scope)
      check.equal(await contextOf(session), scope, 'the context within a transaction')
      connections.add(await serverProcessOf(session))
      await run(session, round % 2 === 0 ? 'COMMIT' : 'ROLLBACK')
      check.equal(await contextOf(session), '', 'the context between two transactions')
      transactions += 1
    }
  })
  await Promise.all(work)
  note(
    `${transactions} transactions of ${sessions.length} sessions ran over ${connections.size} server connections`,
  )
}
