// What could carry rows around the tenant boundary, or change what must not change.
import type { SchemaRule } from './schema-query.ts'

/** `boundary.definer-function`, `boundary.leakproof-function`. */
export const functionsRunAsTheirCaller: SchemaRule = async ({ query, schema }) => {
  const functions = await query<{ name: string; definer: boolean; leakproof: boolean }>(
    `SELECT n.nspname || '.' || p.proname AS name, p.prosecdef AS definer, p.proleakproof AS leakproof
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE (p.prosecdef OR p.proleakproof) AND (n.nspname = $1 OR p.prosecdef
       AND p.proowner = (SELECT nspowner FROM pg_namespace WHERE nspname = $1)) ORDER BY 1`,
    [schema],
  )
  return functions.flatMap(({ name, definer, leakproof }) => [
    ...(definer
      ? [
          {
            code: 'boundary.definer-function',
            status: 'fail' as const,
            object: name,
            summary: `The function ${name} runs with the rights of its owner, whoever calls it.`,
            remedy:
              'Drop it, or make it SECURITY INVOKER: no function of user-engine needs more than its caller has.',
          },
        ]
      : []),
    ...(leakproof
      ? [
          {
            code: 'boundary.leakproof-function',
            status: 'fail' as const,
            object: name,
            summary: `The function ${name} is marked LEAKPROOF and may see rows before the policies do.`,
            remedy: 'Drop it, or take the mark away: ALTER FUNCTION … NOT LEAKPROOF.',
          },
        ]
      : []),
  ])
}

/** `boundary.view`: a view that reads as its owner, or keeps a copy of the rows. */
export const viewsReadAsTheirReader: SchemaRule = async ({ query, schema }) => {
  const views = await query<{ name: string; materialized: boolean }>(
    `SELECT DISTINCT vn.nspname || '.' || v.relname AS name, v.relkind = 'm' AS materialized
     FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
       JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
       JOIN pg_namespace vn ON vn.oid = v.relnamespace
       JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.relkind IN ('r', 'p')
       JOIN pg_namespace tn ON tn.oid = t.relnamespace
     WHERE tn.nspname = $1 AND (v.relkind = 'm' OR NOT EXISTS (
       SELECT 1 FROM pg_options_to_table(v.reloptions) o
       WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)) ORDER BY 1`,
    [schema],
  )
  return views.map(({ name, materialized }) => ({
    code: 'boundary.view',
    status: 'fail',
    object: name,
    summary: materialized
      ? `The materialized view ${name} keeps rows of all tenants outside of every policy.`
      : `The view ${name} reads the tables with the rights of its owner.`,
    remedy: materialized
      ? 'Drop it: a materialized view cannot have policies.'
      : 'Drop it, or set security_invoker on it.',
  }))
}

const OWN_TRIGGERS = ['audit_records_append_only', 'audit_records_no_truncate']

/** `audit.append-only`: the triggers that refuse every change of an audit record [AUD-01]. */
export const auditIsAppendOnly: SchemaRule = async ({ query, schema }) => {
  const working = await query<{ name: string }>(
    `SELECT g.tgname AS name FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = g.tgfoid
     WHERE n.nspname = $1 AND c.relname = 'audit_records' AND g.tgenabled IN ('O', 'A')
       AND p.proname = 'refuse_audit_change'`,
    [schema],
  )
  return OWN_TRIGGERS.filter((trigger) => !working.some(({ name }) => name === trigger)).map((trigger) => ({
    code: 'audit.append-only',
    status: 'fail',
    object: `audit_records.${trigger}`,
    summary: `The trigger ${trigger} is missing or switched off: audit records can be changed.`,
    remedy: 'Find out who changed it and since when; compare the trail with the copy of the audit platform.',
  }))
}

/** `boundary.trigger`: code of others that runs inside of our transactions, and sees every row. */
export const triggersAreOurs: SchemaRule = async ({ query, schema }) => {
  const triggers = await query<{ table_name: string; name: string }>(
    `SELECT c.relname AS table_name, g.tgname AS name FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND NOT g.tgisinternal AND g.tgname <> ALL ($2) ORDER BY 1, 2`,
    [schema, OWN_TRIGGERS],
  )
  return triggers.map(({ table_name, name }) => ({
    code: 'boundary.trigger',
    status: 'fail',
    object: `${table_name}.${name}`,
    summary: `The trigger ${name} on ${table_name} is not one of user-engine: it runs in every transaction and sees each row.`,
    remedy: 'Drop it. What others need to know leaves through the outbox.',
  }))
}

/** `boundary.rule`: a rewrite of our statements, which runs with the rights of the owner and may copy every row. */
export const tablesHaveNoRules: SchemaRule = async ({ query, schema }) => {
  const rules = await query<{ table_name: string; name: string }>(
    `SELECT c.relname AS table_name, r.rulename AS name FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1, 2`,
    [schema],
  )
  return rules.map(({ table_name, name }) => ({
    code: 'boundary.rule',
    status: 'fail',
    object: `${table_name}.${name}`,
    summary: `The rule ${name} on ${table_name} rewrites statements of the store, with the rights of the owner.`,
    remedy: 'Drop it. What others need to know leaves through the outbox.',
  }))
}
