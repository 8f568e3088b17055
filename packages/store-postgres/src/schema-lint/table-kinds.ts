// What kind of table each is, read from its columns rather than from a list: a table that is added later is judged too.

/** The column that makes a table one of a tenant's. */
export const TENANT_COLUMN = 'tenant_id'

/** Small, read everywhere and written by the platform alone: a distributed Postgres can keep a copy on every node. */
export const REFERENCE_TABLES: readonly string[] = ['applications', 'catalogs']

/** The bookkeeping of migrations, which holds nobody's data. */
export const BOOKKEEPING_TABLES: readonly string[] = ['_prisma_migrations', 'schema_compatibility']
