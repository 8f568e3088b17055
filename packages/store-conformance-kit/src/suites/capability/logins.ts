import { LEASE_ROLES } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import {
  inTransaction,
  leasesOf,
  quoteIdentifier,
  refusalOf,
  rowsOf,
  run,
  SERVING_ROLES,
  textOf,
} from './steps.ts'

const PERMISSION_DENIED = '42501'

export const LOGIN_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-02.no-login-is-above-row-security',
    rules: ['CAP-02', 'TEN-06'],
    title: 'neither runtime nor relay is a superuser or has BYPASSRLS, or can become a role that is or has',
    async run({ check, open }) {
      for (const role of SERVING_ROLES) {
        const above = await rowsOf(
          await open(role),
          `SELECT r.rolname::text AS role FROM pg_roles r
           WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(current_user, r.oid, 'MEMBER') ORDER BY 1`,
        )
        check.equal(above, [], `roles above row-level security that the ${role} login is, or can become`)
      }
    },
  },
  {
    id: 'CAP-02.logins-own-nothing',
    rules: ['CAP-02'],
    title: 'neither runtime nor relay owns the schema or anything in it',
    run: (context) => showNothingOwned(context),
  },
  {
    id: 'CAP-02.logins-cannot-become-the-owner',
    rules: ['CAP-02'],
    title: 'neither runtime nor relay is a member of the role that owns the schema',
    async run({ check, open, manifest }) {
      const owner = quoteIdentifier(manifest.roles.owner)
      for (const role of SERVING_ROLES) {
        const session = await open(role)
        const attempt = inTransaction(session, () => run(session, `SET LOCAL ROLE ${owner}`))
        check.equal(
          await refusalOf(attempt),
          PERMISSION_DENIED,
          `SET ROLE to the owner with the ${role} login`,
        )
      }
    },
  },
  {
    id: 'CAP-02.logins-create-nothing',
    rules: ['CAP-02'],
    title: 'neither runtime nor relay can create in the schema',
    async run({ check, open, manifest }) {
      const table = `${quoteIdentifier(manifest.database.schema)}.kit_probe`
      for (const role of SERVING_ROLES) {
        const session = await open(role)
        const attempt = inTransaction(session, () => run(session, `CREATE TABLE ${table} (id integer)`))
        check.equal(await refusalOf(attempt), PERMISSION_DENIED, `CREATE TABLE with the ${role} login`)
      }
    },
  },
  {
    id: 'CAP-02.migration-owns-the-schema',
    rules: ['CAP-02'],
    title:
      'the schema belongs to the role that the description calls its owner, and the migration login acts as that',
    run: (context) => showOwner(context),
  },
  {
    id: 'CAP-02.three-logins-three-roles',
    rules: ['CAP-02'],
    title: 'three logins, each a member of its own role without login and of neither of the others',
    run: (context) => showThreeLogins(context),
  },
]

async function showNothingOwned({ check, open, manifest }: CapabilityContext): Promise<void> {
  for (const role of SERVING_ROLES) {
    const owned = await rowsOf(
      await open(role),
      `WITH login AS (SELECT oid FROM pg_roles WHERE rolname = current_user)
       SELECT 'schema ' || nspname AS object FROM pg_namespace, login WHERE nspname = $1 AND nspowner = login.oid
       UNION ALL
       SELECT 'relation ' || c.relname FROM login, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relowner = login.oid
       UNION ALL
       SELECT 'function ' || p.proname FROM login, pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname = $1 AND p.proowner = login.oid
       ORDER BY 1`,
      [manifest.database.schema],
    )
    check.equal(owned, [], `what the ${role} login owns`)
  }
}

async function showOwner({ check, open, manifest }: CapabilityContext): Promise<void> {
  const session = await open('migration')
  const { schema } = manifest.database
  const owner = await textOf(
    session,
    'SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = $1',
    [schema],
  )
  check.equal(owner, manifest.roles.owner, 'the owner of the schema')
  const attempt = inTransaction(session, async () => {
    await run(session, `SET LOCAL ROLE ${quoteIdentifier(manifest.roles.owner)}`)
    await run(session, `CREATE TABLE ${quoteIdentifier(schema)}.kit_probe (id integer)`)
  })
  check.equal(
    await refusalOf(attempt),
    null,
    'what refuses a table that the migration login makes as the owner',
  )
}

async function showThreeLogins(context: CapabilityContext): Promise<void> {
  const { check, open, manifest } = context
  const { owner, runtime, relay } = manifest.roles
  check.equal(new Set([owner, runtime, relay]).size, 3, 'different roles in the description')
  const users = (await leasesOf(context)).map(([, { user }]) => user)
  check.equal(new Set(users).size, LEASE_ROLES.length, 'different logins among the leases')
  const memberships = {
    runtime: { owner: false, runtime: true, relay: false },
    relay: { owner: false, runtime: false, relay: true },
    migration: { owner: true, runtime: false, relay: false },
  }
  for (const role of LEASE_ROLES) {
    const [found] = await rowsOf(
      await open(role),
      `SELECT pg_has_role(current_user, $1, 'MEMBER')::text AS owner, pg_has_role(current_user, $2, 'MEMBER')::text AS runtime,
         pg_has_role(current_user, $3, 'MEMBER')::text AS relay,
         (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles WHERE rolcanlogin AND rolname IN ($1, $2, $3)) AS logins`,
      [owner, runtime, relay],
    )
    const expected = Object.entries(memberships[role]).map(([name, is]) => [name, String(is)])
    check.equal(
      found,
      { ...Object.fromEntries(expected), logins: null },
      `what the ${role} login is a member of`,
    )
  }
}
