// Who may do what with the tables: exactly what the release gives, nobody else anything [CAP-02].
import { GRANTS } from '../migrations/access.ts'
import type { SchemaFinding, SchemaLintInput } from './schema-query.ts'

interface Privilege {
  readonly table_name: string
  readonly grantee: string
  readonly privilege: string
}

/** `access.missing` and `access.surplus`, for the roles of the capability. */
export async function accessIsExact(
  input: SchemaLintInput & { readonly roles: { readonly runtime: string; readonly relay: string } },
): Promise<readonly SchemaFinding[]> {
  const { query, schema, roles } = input
  const granted = await query<Privilege>(
    `SELECT c.relname AS table_name, coalesce(r.rolname, 'PUBLIC') AS grantee, e.privilege_type AS privilege
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL (
         SELECT grantee, privilege_type FROM aclexplode(c.relacl)
         UNION ALL
         SELECT x.grantee, format('%s (%s)', x.privilege_type, a.attname)
         FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = c.oid
       ) e
       LEFT JOIN pg_roles r ON r.oid = e.grantee
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND e.grantee <> c.relowner ORDER BY 1, 2, 3`,
    [schema],
  )
  const wanted = GRANTS.flatMap(({ table, runtime, relay }) => [
    ...privileges(table, roles.runtime, runtime),
    ...privileges(table, roles.relay, relay),
  ])
  const isSame = (one: Privilege) => (other: Privilege) =>
    one.table_name === other.table_name && one.grantee === other.grantee && one.privilege === other.privilege
  const remedy = 'Run migrate: it takes back what is too much and gives what is missing.'
  const nameOf = ({ grantee }: Privilege) =>
    grantee === roles.runtime
      ? 'runtime'
      : grantee === roles.relay
        ? 'relay'
        : grantee === 'PUBLIC'
          ? 'PUBLIC'
          : 'another role'
  return [
    ...wanted
      .filter((one) => !granted.some(isSame(one)))
      .map((one) => ({
        code: 'access.missing',
        status: 'fail' as const,
        object: one.table_name,
        summary: `The ${nameOf(one)} role lacks ${one.privilege} on ${one.table_name}.`,
        remedy,
      })),
    ...granted
      .filter((one) => !wanted.some(isSame(one)))
      .map((one) => ({
        code: 'access.surplus',
        status: 'fail' as const,
        object: one.table_name,
        summary: `${nameOf(one) === 'PUBLIC' || nameOf(one) === 'another role' ? nameOf(one) : `The ${nameOf(one)} role`} has ${one.privilege} on ${one.table_name}, which nobody needs.`,
        remedy:
          nameOf(one) === 'another role' ? 'Revoke it: no other role reads or writes these tables.' : remedy,
      })),
  ]
}

function privileges(table: string, grantee: string, list: string | undefined): readonly Privilege[] {
  return (list?.split(', ') ?? []).map((privilege) => ({ table_name: table, grantee, privilege }))
}
