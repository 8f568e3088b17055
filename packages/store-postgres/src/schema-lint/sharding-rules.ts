// The rules under which the schema can be distributed by tenant (docs/scaling.md). They hold from the beginning because a
// key cannot be changed later without rewriting its table.
import type { SchemaRule } from './schema-query.ts'
import { BOOKKEEPING_TABLES, REFERENCE_TABLES, TENANT_COLUMN } from './table-kinds.ts'

/** `sharding.key`: every key of a tenant table leads with the tenant [TEN-03]. */
export const keysLeadWithTheTenant: SchemaRule = async ({ query, schema }) => {
  const keys = await query<{ table_name: string; name: string }>(
    `SELECT c.relname AS table_name, x.relname AS name
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND i.indisunique AND i.indkey[0] <> a.attnum ORDER BY 1, 2`,
    [schema, TENANT_COLUMN],
  )
  return keys.map(({ table_name, name }) => ({
    code: 'sharding.key',
    status: 'fail',
    object: `${table_name}.${name}`,
    summary: `The key ${name} of ${table_name} does not lead with ${TENANT_COLUMN}: it is unique across tenants, and the table cannot be distributed.`,
    remedy: `Make ${TENANT_COLUMN} its first column.`,
  }))
}

interface Reference {
  readonly name: string
  readonly from_table: string
  readonly to_table: string
  readonly from_tenant: boolean
  readonly to_tenant: boolean
  readonly pairs_tenant: boolean
}

/** `sharding.reference`, `sharding.reference-to-platform`, `sharding.reference-to-tenant`. */
export const referencesStayWithTheTenant: SchemaRule = async ({ query, schema }) => {
  const references = await query<Reference>(
    `SELECT k.conname AS name, f.relname AS from_table, t.relname AS to_table,
       fa.attnum IS NOT NULL AS from_tenant, ta.attnum IS NOT NULL AS to_tenant,
       EXISTS (SELECT 1 FROM unnest(k.conkey, k.confkey) AS pair (from_column, to_column)
         WHERE from_column = fa.attnum AND to_column = ta.attnum) AS pairs_tenant
     FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
       JOIN pg_namespace n ON n.oid = f.relnamespace
       LEFT JOIN pg_attribute fa ON fa.attrelid = f.oid AND fa.attname = $2 AND NOT fa.attisdropped
       LEFT JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attname = $2 AND NOT ta.attisdropped
     WHERE k.contype = 'f' AND n.nspname = $1 ORDER BY f.relname, k.conname`,
    [schema, TENANT_COLUMN],
  )
  return references.flatMap(({ name, from_table, to_table, from_tenant, to_tenant, pairs_tenant }) => {
    const found = (code: string, summary: string, remedy: string) => [
      { code, status: 'fail' as const, object: `${from_table}.${name}`, summary, remedy },
    ]
    if (from_tenant && to_tenant && !pairs_tenant) {
      return found(
        'sharding.reference',
        `The foreign key ${name} from ${from_table} to ${to_table} may lead to another tenant.`,
        `Put ${TENANT_COLUMN} on both sides of it.`,
      )
    }
    if (from_tenant && !to_tenant && !REFERENCE_TABLES.includes(to_table)) {
      return found(
        'sharding.reference-to-platform',
        `The foreign key ${name} binds ${from_table} to ${to_table}, which is too large to be kept on every node.`,
        'Drop it: the store checks the record when it writes the row, and users and accounts are never deleted.',
      )
    }
    if (!from_tenant && to_tenant) {
      return found(
        'sharding.reference-to-tenant',
        `The foreign key ${name} binds ${from_table}, which belongs to the platform, to a row of a tenant.`,
        'Drop it: what belongs to the platform cannot depend on what belongs to a tenant.',
      )
    }
    return []
  })
}

/** `sharding.tenant-column`: the tenant is named in every row, and never missing. */
export const tenantIsNeverNull: SchemaRule = async ({ query, schema }) => {
  const columns = await query<{ table_name: string }>(
    `SELECT c.relname AS table_name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($3)
       AND a.attname = $2 AND NOT a.attisdropped AND NOT (a.attnotnull AND a.atttypid = 'text'::regtype
         AND a.attcollation = (SELECT oid FROM pg_collation WHERE collname = 'C' AND collnamespace = 'pg_catalog'::regnamespace))
     ORDER BY 1`,
    [schema, TENANT_COLUMN, BOOKKEEPING_TABLES],
  )
  return columns.map(({ table_name }) => ({
    code: 'sharding.tenant-column',
    status: 'fail',
    object: `${table_name}.${TENANT_COLUMN}`,
    summary: `${TENANT_COLUMN} of ${table_name} may be null, or is compared otherwise than byte by byte.`,
    remedy: `Make it text COLLATE "C" NOT NULL, as in every other table: distributed tables must agree on the type.`,
  }))
}
