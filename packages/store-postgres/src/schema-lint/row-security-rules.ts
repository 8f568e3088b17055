// The form of row-level security [TEN-06]: on, forced, closed, and written so that indexes stay usable.
import type { SchemaRule } from './schema-query.ts'
import { BOOKKEEPING_TABLES, TENANT_COLUMN } from './table-kinds.ts'

const RESTORE = 'Find out who changed the schema; restore what the migrations of this release made.'

/** `boundary.row-security`, `boundary.force`, `boundary.policy-missing`. */
export const rowSecurityIsOn: SchemaRule = async ({ query, schema }) => {
  const tables = await query<{ name: string; enabled: boolean; forced: boolean; policies: number }>(
    `SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       (SELECT count(*)::integer FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($2) ORDER BY c.relname`,
    [schema, BOOKKEEPING_TABLES],
  )
  return tables.flatMap(({ name, enabled, forced, policies }) => {
    const found = (code: string, summary: string) => ({
      code,
      status: 'fail' as const,
      object: name,
      summary,
      remedy: RESTORE,
    })
    if (!enabled) return [found('boundary.row-security', `Row-level security is off on ${name}.`)]
    return [
      ...(forced
        ? []
        : [found('boundary.force', `The owner of ${name} is above its policies: FORCE is missing.`)]),
      ...(policies > 0
        ? []
        : [found('boundary.policy-missing', `${name} has no policy: nobody can work with it.`)]),
    ]
  })
}

interface Policy {
  readonly table_name: string
  readonly policy: string
  readonly permissive: boolean
  readonly of_tenant: boolean
  readonly expressions: readonly string[]
}

/** `boundary.policy-open`, `boundary.policy-form`. */
export const policiesHaveTheirForm: SchemaRule = async ({ query, schema }) => {
  const policies = await query<Policy>(
    `SELECT c.relname AS table_name, p.polname AS policy, p.polpermissive AS permissive,
       EXISTS (SELECT 1 FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = $2 AND NOT a.attisdropped) AS of_tenant,
       array_remove(ARRAY[pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)], NULL) AS expressions
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 ORDER BY c.relname, p.polname`,
    [schema, TENANT_COLUMN],
  )
  return policies.flatMap(({ table_name, policy, permissive, of_tenant, expressions }) => {
    const found = (code: string, summary: string, remedy: string) => ({
      code,
      status: 'fail' as const,
      object: `${table_name}.${policy}`,
      summary,
      remedy,
    })
    const findings = []
    // A restrictive policy only takes away.
    if (permissive && expressions.some((text) => !isBoundToScope(text, of_tenant))) {
      findings.push(
        found(
          'boundary.policy-open',
          `The policy ${policy} of ${table_name} lets rows of every tenant pass.`,
          RESTORE,
        ),
      )
    }
    if (expressions.some((text) => /\bEXISTS\s*\(/.test(text))) {
      findings.push(
        found(
          'boundary.policy-form',
          `The policy ${policy} of ${table_name} uses EXISTS, which may be planned as a hash of a whole table.`,
          'Write look-ups as scalar subqueries with LIMIT 1.',
        ),
      )
    }
    return findings
  })
}

/** The tenant of the row beside that of the scope, which may be asked for in a subquery. */
const IS_OF_SCOPE = /\btenant_id = (?:\( ?SELECT )?(?:[a-z0-9_]+\.)?scope_(?:tenant|key)\(\)/

/**
 * Whether every alternative of a policy's expression, as Postgres prints it, depends on the scope. A look-up in a table that
 * has policies of its own counts: those decide.
 */
function isBoundToScope(expression: string, ofTenant: boolean): boolean {
  const withoutLookups = expression.replaceAll(/SELECT true\b/g, 'SELECT')
  if (/\btrue\b/.test(withoutLookups)) return false
  return alternatives(expression).every((alternative) => {
    if (/\bscope_is_(?:platform|relay)\(/.test(alternative)) return true
    if (IS_OF_SCOPE.test(alternative)) return true
    return !ofTenant && /\bscope_key\(|\bFROM (?:[a-z0-9_]+\.)?users\b/.test(alternative)
  })
}

/** Splits an expression at its outermost ORs. */
function alternatives(expression: string): readonly string[] {
  const text = unwrap(expression.trim())
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    else if (text[at] === ')') depth -= 1
    else if (depth === 0 && /^\sOR\s/.test(text.slice(at, at + 4))) {
      parts.push(text.slice(start, at))
      start = at + 4
    }
  }
  parts.push(text.slice(start))
  return parts.length === 1 ? parts : parts.flatMap(alternatives)
}

function unwrap(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let depth = 0
  for (let at = 0; at < text.length - 1; at += 1) {
    if (text[at] === '(') depth += 1
    else if (text[at] === ')') depth -= 1
    if (depth === 0) return text
  }
  return unwrap(text.slice(1, -1).trim())
}

/** `boundary.operator`: a comparison that is not leakproof runs after the policy and loses its index. */
export const comparisonsAreLeakproof: SchemaRule = async ({ query, schema }) => {
  const columns = await query<{ index_name: string; table_name: string; what: string }>(
    `WITH keys AS (
       SELECT i.indexrelid, i.indrelid, k.position, k.class_oid, i.indkey[k.position - 1] AS column_number
       FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indclass::oid[]) WITH ORDINALITY AS k (class_oid, position)
     )
     SELECT x.relname AS index_name, t.relname AS table_name, coalesce(a.attname, 'an expression') AS what
     FROM keys k
       JOIN pg_class x ON x.oid = k.indexrelid JOIN pg_class t ON t.oid = k.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace
       JOIN pg_opclass o ON o.oid = k.class_oid
       LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.column_number AND k.column_number > 0
     WHERE n.nspname = $1 AND t.relrowsecurity AND (k.column_number = 0 OR EXISTS (
       SELECT 1 FROM pg_amop m JOIN pg_operator op ON op.oid = m.amopopr JOIN pg_proc f ON f.oid = op.oprcode
       WHERE m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype
         AND m.amoppurpose = 's' AND NOT f.proleakproof))
     ORDER BY x.relname`,
    [schema],
  )
  return columns.map(({ index_name, table_name, what }) => ({
    code: 'boundary.operator',
    status: 'fail',
    object: index_name,
    summary: `The index ${index_name} of ${table_name} compares ${what} in a way that is not leakproof: row-level security makes it useless.`,
    remedy: 'Compare text, uuid, integers or instants; keep a folded value in a column of its own.',
  }))
}
