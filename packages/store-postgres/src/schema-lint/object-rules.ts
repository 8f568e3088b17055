// Objects that are not in order, or not ours.
import type { SchemaRule } from './schema-query.ts'

/** `schema.invalid-index`: what a CREATE INDEX CONCURRENTLY leaves behind when it is cut off. */
export const indexesAreValid: SchemaRule = async ({ query, schema }) => {
  const indexes = await query<{ name: string; table_name: string }>(
    `SELECT x.relname AS name, c.relname AS table_name FROM pg_index i
       JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND NOT (i.indisvalid AND i.indisready AND i.indislive) ORDER BY 1`,
    [schema],
  )
  return indexes.map(({ name, table_name }) => ({
    code: 'schema.invalid-index',
    status: 'fail',
    object: name,
    summary: `The index ${name} of ${table_name} is half made: it costs at every write and serves no read.`,
    remedy: 'Run migrate; if no migration is unfinished, drop the index with DROP INDEX CONCURRENTLY.',
  }))
}

/** `schema.unchecked-constraint`: a constraint that older rows may violate. */
export const constraintsAreValidated: SchemaRule = async ({ query, schema }) => {
  const constraints = await query<{ name: string; table_name: string }>(
    `SELECT k.conname AS name, c.relname AS table_name FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND NOT k.convalidated ORDER BY 1`,
    [schema],
  )
  return constraints.map(({ name, table_name }) => ({
    code: 'schema.unchecked-constraint',
    status: 'warn',
    object: `${table_name}.${name}`,
    summary: `The constraint ${name} of ${table_name} holds for new rows only.`,
    remedy: `ALTER TABLE ${table_name} VALIDATE CONSTRAINT ${name}; mend the rows it names.`,
  }))
}

/** `schema.owner`: what belongs to somebody else than the owner of the schema can be changed past the migrations. */
export const ownerOwnsEverything: SchemaRule = async ({ query, schema }) => {
  const objects = await query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relowner <> n.nspowner
     UNION ALL
     SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1 AND p.proowner <> n.nspowner ORDER BY 1`,
    [schema],
  )
  return objects.map(({ name }) => ({
    code: 'schema.owner',
    status: 'fail',
    object: name,
    summary: `${name} does not belong to the owner of the schema.`,
    remedy:
      'If user-engine made it, give it back with ALTER … OWNER TO; otherwise move it to another schema.',
  }))
}
