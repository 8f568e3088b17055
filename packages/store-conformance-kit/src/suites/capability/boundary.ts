import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { rowsOf, SERVING_ROLES, tablesOf } from './steps.ts'

export const BOUNDARY_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-07.row-security-binds-the-logins',
    rules: ['CAP-07', 'CAP-02', 'TEN-06'],
    title: 'for runtime and relay row-level security is active on every table',
    async run(context) {
      for (const role of SERVING_ROLES) {
        const session = await context.open(role)
        const tables = await tablesOf(context, session, 'row_security_active(c.oid)::text AS active')
        const open = tables.filter(({ active }) => active !== 'true').map(({ table }) => table)
        context.check.equal(open, [], `tables without row-level security for the ${role} login`)
      }
    },
  },
  {
    id: 'CAP-07.row-security-binds-the-owner',
    rules: ['CAP-07', 'TEN-06'],
    title: 'row-level security is forced on every table: it binds the owner as well',
    async run(context) {
      const facts = '(c.relrowsecurity AND c.relforcerowsecurity)::text AS forced'
      const tables = await tablesOf(context, await context.open('migration'), facts)
      const open = tables.filter(({ forced }) => forced !== 'true').map(({ table }) => table)
      context.check.equal(open, [], 'tables whose owner is above row-level security')
    },
  },
  {
    id: 'CAP-07.every-table-has-policies',
    rules: ['CAP-07', 'TEN-06'],
    title: 'every table has a policy, and no policy lets every row pass',
    async run(context) {
      const facts = `(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)::text AS policies,
        (SELECT string_agg(p.polname, ', ') FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
          AND 'true' IN (pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)))::text AS open`
      const tables = await tablesOf(context, await context.open('migration'), facts)
      const without = tables.filter(({ policies }) => policies === '0').map(({ table }) => table)
      context.check.equal(without, [], 'tables without a policy')
      const open = tables
        .filter((table) => table['open'] !== null)
        .map(({ table, open }) => `${table}: ${open}`)
      context.check.equal(open, [], 'policies that let every row pass')
    },
  },
  {
    id: 'CAP-07.no-view-shows-what-policies-hide',
    rules: ['CAP-07', 'TEN-06'],
    title:
      'no view reads the tables with the rights of its owner, and no materialized view keeps a copy of them',
    async run({ check, open, manifest }) {
      const views = await rowsOf(
        await open('migration'),
        `SELECT DISTINCT format('%s %I.%I', CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
           vn.nspname, v.relname) AS view
         FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
           JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
           JOIN pg_namespace vn ON vn.oid = v.relnamespace
           JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.relkind IN ('r', 'p')
           JOIN pg_namespace tn ON tn.oid = t.relnamespace
         WHERE tn.nspname = $1 AND (v.relkind = 'm' OR NOT EXISTS (
           SELECT 1 FROM pg_options_to_table(v.reloptions) o
           WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)) ORDER BY 1`,
        [manifest.database.schema],
      )
      check.equal(views, [], 'views that lead around the policies')
    },
  },
  {
    id: 'CAP-07.no-function-lends-its-owners-rights',
    rules: ['CAP-07', 'TEN-06'],
    title:
      'no function in the schema, and none of its owner, runs with the rights of its owner or claims to be leakproof',
    async run({ check, open, manifest }) {
      const functions = await rowsOf(
        await open('migration'),
        `SELECT format('%I.%I', n.nspname, p.proname) AS function
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE (p.prosecdef OR p.proleakproof) AND (n.nspname = $1 OR pg_get_userbyid(p.proowner) = $2) ORDER BY 1`,
        [manifest.database.schema, manifest.roles.owner],
      )
      check.equal(functions, [], 'functions that lead around the policies')
    },
  },
  {
    id: 'CAP-07.nothing-of-others-in-the-schema',
    rules: ['CAP-07'],
    title:
      'everything in the schema belongs to the owner role, no trigger runs code from outside of it, and no rule rewrites its statements',
    run: (context) => showNothingForeign(context),
  },
  {
    id: 'CAP-07.nobody-else-has-rights',
    rules: ['CAP-07', 'CAP-02'],
    title: 'nobody but the roles of the description has a right on the schema or on anything in it',
    run: (context) => showRights(context),
  },
]

async function showNothingForeign({ check, open, manifest }: CapabilityContext): Promise<void> {
  const session = await open('migration')
  const { schema } = manifest.database
  const foreign = await rowsOf(
    session,
    `SELECT format('%I of %s', c.relname, pg_get_userbyid(c.relowner)) AS object
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND pg_get_userbyid(c.relowner) <> $2
     UNION ALL
     SELECT format('%I() of %s', p.proname, pg_get_userbyid(p.proowner))
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1 AND pg_get_userbyid(p.proowner) <> $2 ORDER BY 1`,
    [schema, manifest.roles.owner],
  )
  check.equal(foreign, [], 'objects of others in the schema')
  const triggers = await rowsOf(
    session,
    `SELECT format('%I on %I', g.tgname, c.relname) AS trigger
     FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_proc p ON p.oid = g.tgfoid
     WHERE n.nspname = $1 AND NOT g.tgisinternal AND p.pronamespace <> n.oid ORDER BY 1`,
    [schema],
  )
  check.equal(triggers, [], 'triggers that run code from outside of the schema')
  const rules = await rowsOf(
    session,
    `SELECT format('%I on %I', r.rulename, c.relname) AS rule
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1`,
    [schema],
  )
  check.equal(rules, [], 'rules that rewrite statements')
}

async function showRights({ check, open, manifest }: CapabilityContext): Promise<void> {
  const { owner, runtime, relay } = manifest.roles
  const rights = await rowsOf(
    await open('migration'),
    `WITH rights AS (
       SELECT 'schema ' || n.nspname AS object, e.grantee, e.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) e
       WHERE n.nspname = $1
       UNION ALL
       SELECT c.relname, e.grantee, e.privilege_type
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) e WHERE n.nspname = $1
       UNION ALL
       SELECT c.relname || '.' || a.attname, e.grantee, e.privilege_type
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid,
         aclexplode(a.attacl) e WHERE n.nspname = $1
     )
     SELECT DISTINCT format('%s on %s for %s', privilege_type, object,
       CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END) AS "right"
     FROM rights WHERE grantee = 0 OR pg_get_userbyid(grantee) NOT IN ($2, $3, $4) ORDER BY 1`,
    [manifest.database.schema, owner, runtime, relay],
  )
  check.equal(rights, [], 'rights of others')
}
