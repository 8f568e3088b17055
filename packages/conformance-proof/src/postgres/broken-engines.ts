// Rules that take an engine, other processes or a network: the store on Postgres with one of them broken.
import { type ConformanceHarness, override } from '@user-engine/store-conformance-kit'
import type { PostgresHarness } from '@user-engine/store-postgres/conformance'
import { isUserEngineError, type RuleId, type Scope, UserEngineError } from '@user-engine/store-protocol'
import { changeDatabases, changeOpened } from './engine-harness.ts'
import { mendHistories } from './mended-history.ts'

/** The store on Postgres, or what it is handed over, with one rule broken. */
export interface BrokenEngine {
  readonly id: string
  readonly breaks: RuleId
  readonly title: string
  /** Cases that may catch it as well, by what was flushed or under way when a backend was killed. */
  readonly byChance?: readonly string[]
  change(harness: PostgresHarness): ConformanceHarness
}

const PLATFORM: Scope = { platform: true, reason: 'a broken store looks where it must not' }

const inProcesses = (harness: PostgresHarness, module: string): ConformanceHarness => {
  const { processes } = harness
  if (processes === undefined) throw new TypeError('the harness of store-postgres offers every verb')
  return { ...harness, processes: { ...processes, module: new URL(module, import.meta.url) } }
}

export const BROKEN_ENGINES: readonly BrokenEngine[] = [
  {
    id: 'row-security-off',
    breaks: 'TEN-06',
    title: 'leaves the tenant boundary to the predicates of the store alone',
    change: (harness) =>
      changeDatabases(
        harness,
        `DO $$ DECLARE t text; BEGIN
          FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'user_engine'::regnamespace AND relrowsecurity LOOP
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t);
          END LOOP; END $$`,
      ),
  },
  {
    id: 'predicates-left-out',
    breaks: 'TEN-06',
    title: 'leaves the tenant boundary to the engine alone',
    change: (harness) => {
      const { tenantLayers } = harness
      if (tenantLayers === undefined) throw new TypeError('the harness of store-postgres offers every verb')
      return {
        ...harness,
        tenantLayers: {
          ...tenantLayers,
          // Without the engine such a store reads what is there.
          async openWithoutEngine(namespace) {
            const store = await tenantLayers.openWithoutEngine(namespace)
            return override(store, { read: (_scope, work, options) => store.read(PLATFORM, work, options) })
          },
        },
      }
    },
  },
  {
    id: 'audit-can-be-changed',
    breaks: 'AUD-01',
    title: 'keeps audit records in a table that takes changes',
    change: (harness) =>
      changeDatabases(harness, 'ALTER TABLE user_engine.audit_records DISABLE TRIGGER USER'),
  },
  {
    id: 'denials-pass-quietly',
    breaks: 'AUD-05',
    title: 'says nothing when a denial cannot be made durable',
    change: (harness) =>
      changeOpened(harness, (store) =>
        override(store, {
          recordDenial: (scope, record) =>
            store.recordDenial(scope, record).catch((error: unknown) => {
              if (!isUserEngineError(error, 'DENIAL_NOT_RECORDED')) throw error
            }),
        }),
      ),
  },
  {
    id: 'ready-without-a-backend',
    breaks: 'MIG-01',
    title: 'is ready as long as it has ever been ready',
    change: (harness) =>
      changeOpened(harness, (store) => {
        const first = store.readiness()
        first.catch(() => {})
        return override(store, { readiness: () => first })
      }),
  },
  {
    id: 'mends-histories',
    breaks: 'MIG-02',
    title: 'takes a history that it does not know for a damage, mends it and serves',
    change: mendHistories,
  },
  {
    id: 'one-migration-at-a-time',
    breaks: 'MIG-03',
    title: 'fails when another migration runs at once',
    change: (harness) => {
      const { migrations } = harness
      if (migrations === undefined) throw new TypeError('the harness of store-postgres offers every verb')
      const running = new Set<string>()
      return {
        ...harness,
        migrations: {
          ...migrations,
          async migrate(namespace) {
            if (running.has(namespace)) throw new UserEngineError('UNAVAILABLE', { reason: 'overloaded' })
            running.add(namespace)
            return await migrations.migrate(namespace).finally(() => running.delete(namespace))
          },
        },
      }
    },
  },
  {
    id: 'migrates-by-itself',
    breaks: 'MIG-03',
    title: 'says in every process that it was the one that migrated',
    change: (harness) => inProcesses(harness, './processes/migrates-by-itself.ts'),
  },
  {
    id: 'migrates-what-is-damaged',
    breaks: 'MIG-05',
    title: 'has nothing to do on a history that it does not know',
    change: (harness) => {
      const { migrations } = harness
      if (migrations === undefined) throw new TypeError('the harness of store-postgres offers every verb')
      return {
        ...harness,
        migrations: {
          ...migrations,
          migrate: (namespace) =>
            migrations.migrate(namespace).catch((error: unknown) => {
              if (isUserEngineError(error, 'SCHEMA_MISMATCH')) return { applied: [] }
              throw error
            }),
        },
      }
    },
  },
  {
    id: 'never-comes-back',
    breaks: 'LIF-02',
    title: 'needs a restart once its backend has been away',
    change: (harness) =>
      changeOpened(harness, (store) => {
        let isLost = false
        const unlessLost = async <Result>(call: () => Promise<Result>): Promise<Result> => {
          if (isLost) throw new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' })
          try {
            return await call()
          } catch (error) {
            isLost ||= isUserEngineError(error, 'UNAVAILABLE')
            throw error
          }
        }
        return override(store, {
          read: (...call) => unlessLost(() => store.read(...call)),
          transact: (...call) => unlessLost(() => store.transact(...call)),
        })
      }),
  },
  {
    id: 'waits-for-its-backend',
    breaks: 'LIF-02',
    title: 'asks again until its backend answers, however long that takes',
    change: (harness) =>
      changeOpened(harness, (store) => {
        const untilItAnswers = async <Result>(call: () => Promise<Result>): Promise<Result> => {
          for (;;) {
            try {
              return await call()
            } catch (error) {
              if (!isUserEngineError(error, 'UNAVAILABLE') && !isUserEngineError(error, 'DEADLINE_EXCEEDED'))
                throw error
            }
          }
        }
        return override(store, { read: (...call) => untilItAnswers(() => store.read(...call)) })
      }),
  },
  {
    id: 'not-yet-durable',
    breaks: 'LIF-03',
    title: 'acknowledges commits before its backend has made them durable',
    byChance: [
      ...['TXN-04.unknown-outcomes-are-never-guessed', 'AUD-05.denial-without-a-backend-is-an-error'],
      ...['MIG-01.unreachable-is-not-ready', 'LIF-02.killed-backend'],
    ],
    change: (harness) => changeDatabases(harness, 'ALTER DATABASE :database SET synchronous_commit = off'),
  },
  {
    id: 'not-yet-committed',
    breaks: 'LIF-03',
    title: 'acknowledges in other processes what it commits a moment later',
    change: (harness) => inProcesses(harness, './processes/not-yet-committed.ts'),
  },
  {
    id: 'unknown-is-success',
    breaks: 'TXN-04',
    title: 'takes a commit whose outcome it does not know for done',
    byChance: ['TXN-04.unknown-outcomes-are-never-guessed', 'LIF-03.acknowledged-commits-survive'],
    change: (harness) =>
      changeOpened(harness, (store) =>
        override(store, {
          transact: (scope, work, options) =>
            store.transact(scope, work, options).catch((error: unknown) => {
              if (isUserEngineError(error, 'OUTCOME_UNKNOWN')) return undefined as never
              throw error
            }),
        }),
      ),
  },
  {
    id: 'unknown-is-failure',
    breaks: 'TXN-04',
    title: 'takes a commit whose outcome it does not know for undone',
    byChance: ['TXN-04.unknown-outcomes-are-never-guessed'],
    change: (harness) =>
      changeOpened(harness, (store) =>
        override(store, {
          transact: (scope, work, options) =>
            store.transact(scope, work, options).catch((error: unknown) => {
              if (isUserEngineError(error, 'OUTCOME_UNKNOWN'))
                throw new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' })
              throw error
            }),
        }),
      ),
  },
  {
    id: 'processes-with-leases-of-their-own',
    breaks: 'OBX-02',
    title: 'knows in each process only the leases that it gave there',
    change: (harness) => inProcesses(harness, './processes/leases-of-its-own.ts'),
  },
  {
    id: 'zombies-welcome',
    breaks: 'OBX-03',
    title: 'takes acknowledgements with a stale token in other processes without a word',
    change: (harness) => inProcesses(harness, './processes/zombies-welcome.ts'),
  },
]
