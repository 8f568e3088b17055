import { type BrokenProvider, brokenInDatabase, describedWith } from '../provider-under-proof.ts'

/** Tenant contexts that nobody set, and poolers that are not what they are said to be. */
export const BROKEN_CONTEXTS: readonly BrokenProvider[] = [
  brokenInDatabase(
    'CAP-03',
    { id: 'context-of-the-login', title: 'sets a tenant for the login of the runtime' },
    ({ runtime }) => `ALTER ROLE ${runtime} SET user_engine.scope = 'acme'`,
  ),
  brokenInDatabase(
    'CAP-03',
    { id: 'context-of-the-database', title: 'sets the platform for everybody in the database' },
    ({ database }) => `ALTER DATABASE ${database} SET user_engine.scope = ' p'`,
  ),
  {
    breaks: 'CAP-05',
    id: 'context-of-the-pooler',
    title: 'has a pooler that sets a tenant on every connection that it opens',
    handOver: async ({ pooled }) => ({
      capability: await pooled({ connectQuery: `SET user_engine.scope = 'acme'` }),
    }),
  },
  {
    breaks: 'CAP-03',
    id: 'pooler-without-reset',
    title: 'has a pooler that gives sessions away as the one before left them',
    handOver: async ({ pooled }) => ({
      capability: await pooled({ mode: 'session', settings: { server_reset_query: '' } }),
    }),
  },
  {
    breaks: 'CAP-03',
    id: 'hidden-pooler',
    title: 'has a pooler in transaction mode and says that there is none',
    handOver: async ({ pooled }) => ({
      capability: describedWith(await pooled(), () => ({
        pooler: { mode: 'none', preparedStatements: false },
      })),
    }),
  },
  {
    breaks: 'CAP-03',
    id: 'prepared-statements-that-do-not-survive',
    title: 'says that prepared statements survive its pooler, which knows nothing of them',
    handOver: async ({ pooled }) => ({
      capability: describedWith(await pooled(), () => ({
        pooler: { mode: 'transaction', preparedStatements: true },
      })),
    }),
  },
  {
    breaks: 'CAP-05',
    id: 'statement-pooler',
    title: 'has a pooler that gives the connection away after every statement',
    handOver: async ({ pooled }) => ({
      capability: await pooled({ settings: { pool_mode: 'statement' } }),
    }),
  },
  {
    breaks: 'CAP-03',
    id: 'small-pool',
    title: 'promises twenty connections through a pooler that has five',
    handOver: async ({ pooled }) => ({ capability: await pooled({ poolSize: 5 }) }),
  },
]
