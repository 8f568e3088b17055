// One Prisma client for the store, whose every query goes to the connection of the transaction it is called in.
//
// Prisma's own `$transaction` is never used: it reports a commit that Postgres answered with a rollback as success.
// Here the session begins and ends the transaction, and the client's queries are exclusive work in between.
import { AsyncLocalStorage } from 'node:async_hooks'
import { PrismaPg } from '@prisma/adapter-pg'
import { UserEngineError } from '@user-engine/store-protocol'
import pg from 'pg'
import type { Connection } from './connection/connection.ts'
import { defineStatement } from './connection/statement.ts'
import { PrismaClient } from './generated/client.ts'
import type { SchemaName } from './sql/schema-name.ts'

export interface PrismaRunner {
  /**
   * Runs model calls on the connection. What they throw is the driver's own error wherever there is one: Prisma wraps
   * the same error in different shapes depending on the call.
   */
  run<Result>(connection: Connection, work: (prisma: PrismaClient) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

interface PinnedConnection {
  readonly connection: Connection
  driverError: unknown
}

export function createPrismaRunner(options: {
  readonly schema: SchemaName
  readonly namedStatements: boolean
}): PrismaRunner {
  const pinned = new AsyncLocalStorage<PinnedConnection>()
  const pool = createPinnedPool(pinned)
  const prisma = new PrismaClient({ adapter: adapterOver(pool, options) })
  return {
    async run(connection, work) {
      const context: PinnedConnection = { connection, driverError: null }
      try {
        // Awaited inside: a model call is lazy, and would otherwise look for its connection after this one is gone.
        return await pinned.run(context, async () => await work(prisma))
      } catch (error) {
        throw context.driverError ?? error
      }
    },
    async close() {
      await prisma.$disconnect()
    },
  }
}

function adapterOver(
  pool: pg.Pool,
  options: { readonly schema: SchemaName; readonly namedStatements: boolean },
) {
  const { schema, namedStatements } = options
  const naming = { statementNameGenerator: ({ sql }: { sql: string }) => defineStatement(sql).name }
  const factory = new PrismaPg(pool, { schema, ...(namedStatements ? naming : {}) })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    // A pool of another copy of pg is taken for a configuration object, and the default server would be dialled.
    if (adapter.underlyingDriver() !== pool) {
      throw new UserEngineError('INTERNAL', {
        reference: 'two copies of pg: the Prisma adapter does not know the pool',
      })
    }
    return adapter
  }
  return factory
}

// A real pool of this copy of pg, which is what the adapter recognises, that never opens a connection of its own.
function createPinnedPool(pinned: AsyncLocalStorage<PinnedConnection>): pg.Pool {
  return Object.assign(new pg.Pool({ max: 1 }), {
    async query(query: pg.QueryArrayConfig) {
      const context = pinned.getStore()
      if (context === undefined) {
        throw new UserEngineError('INTERNAL', { reference: 'model call outside of a transaction' })
      }
      try {
        return await context.connection.client.query(query)
      } catch (error) {
        context.driverError = error
        throw error
      }
    },
    // Prisma asks for a connection when it wants a transaction of its own, for example for nested writes.
    connect(): Promise<never> {
      return Promise.reject(
        new UserEngineError('INTERNAL', { reference: 'model call with a transaction of its own' }),
      )
    },
  })
}
