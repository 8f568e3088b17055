import type { LocalDatabase, LocalProvider } from '@user-engine/provider-local'
import type { OutboxEvent, OutboxLease } from '@user-engine/store-protocol'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import {
  createPostgresStore,
  type PostgresStore,
  type PostgresStoreOptions,
} from '../create-postgres-store.ts'
import { outboxStatements } from '../outbox.ts'
import { parseSchemaName } from '../sql/schema-name.ts'
import { storedEvent } from '../sql/stored-event.ts'
import { createTestDatabase } from './test-database.ts'

const { append } = outboxStatements(parseSchemaName('user_engine'))

export function outboxEvent(aggregateId: string, change: Partial<OutboxEvent> = {}): OutboxEvent {
  return {
    id: uuidv7(),
    tenantId: 'acme',
    aggregateType: 'user',
    aggregateId,
    type: 'user.changed',
    schemaVersion: 1,
    payload: {},
    occurredAt: '2026-01-01T00:00:00.000Z',
    correlationId: null,
    causationId: null,
    ...change,
  }
}

export const idsOf = ({ deliveries }: OutboxLease) => deliveries.map(({ event }) => event.id)

/** A transaction in which a test decides when things happen. */
export interface OpenTransaction {
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Appends with the store's own statement. */
  append(...events: readonly OutboxEvent[]): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** A database with stores on it, and transactions beside them. */
export interface OutboxWorld {
  readonly database: LocalDatabase
  open(options?: Partial<PostgresStoreOptions>): Promise<PostgresStore>
  /** Of the tenant `acme`, or of the relay. */
  begin(role?: 'runtime' | 'relay'): Promise<OpenTransaction>
  /** What the newest claim wrote down. */
  progress(): Promise<Record<string, unknown>>
  close(): Promise<void>
}

/** On the given server, or on the one that all test files share. */
export async function createOutboxWorld(provider?: LocalProvider): Promise<OutboxWorld> {
  const database = await createTestDatabase(provider)
  const openPool = async (role: 'runtime' | 'relay') => {
    const { host, port, user, password } = await database.capability.lease(role)
    const pool = new pg.Pool({
      host,
      port,
      user,
      password: String(password),
      database: database.name,
      max: 40,
    })
    return pool.on('error', () => {})
  }
  const pools = { runtime: await openPool('runtime'), relay: await openPool('relay') }
  const stores: PostgresStore[] = []
  return {
    database,
    async open(options) {
      const store = await createPostgresStore({ capability: database.capability, ...options })
      stores.push(store)
      return store
    },
    async begin(role = 'runtime') {
      const client = await pools[role].connect()
      await client.query('BEGIN')
      const scope = role === 'relay' ? ' r' : 'acme'
      await client.query(`SELECT set_config('user_engine.scope', '${scope}', true)`)
      const end = async (command: string) => {
        await client.query(command)
        client.release()
      }
      return {
        query: async (sql) => (await client.query(sql)).rows,
        async append(...events) {
          for (const event of events) {
            const { tenantId, id, aggregateType, aggregateId } = event
            await client.query(append.one.text, [
              ...[tenantId ?? '', id, aggregateType, aggregateId],
              storedEvent(event),
            ])
          }
        },
        commit: () => end('COMMIT'),
        rollback: () => end('ROLLBACK'),
      }
    },
    async progress() {
      const { rows } = await database.query(
        'SELECT * FROM user_engine.outbox_leases ORDER BY token DESC LIMIT 1',
      )
      return rows[0] ?? {}
    },
    async close() {
      for (const store of stores) await store.close()
      await Promise.all([pools.runtime.end(), pools.relay.end()])
      await database.drop()
    },
  }
}
