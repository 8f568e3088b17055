import { type BrokenProvider, brokenInDatabase } from '../provider-under-proof.ts'

/** Logins with powers that they should not have, or without one that they need. */
export const BROKEN_LOGINS: readonly BrokenProvider[] = [
  brokenInDatabase(
    'CAP-02',
    { id: 'superuser-runtime', title: 'gives the runtime a superuser' },
    ({ runtime }) => `ALTER ROLE ${runtime} SUPERUSER`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'bypassrls-runtime', title: 'gives the runtime a login with BYPASSRLS' },
    ({ runtime }) => `ALTER ROLE ${runtime} BYPASSRLS`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'bypassrls-relay', title: 'gives the relay a login with BYPASSRLS' },
    ({ relay }) => `ALTER ROLE ${relay} BYPASSRLS`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'can-become-bypassrls', title: 'lets the runtime become a role with BYPASSRLS' },
    ({ runtime }) => `CREATE ROLE ${above(runtime)} BYPASSRLS; GRANT ${above(runtime)} TO ${runtime}`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'owner-runtime', title: 'lets the runtime own a table' },
    ({ runtime }) => `ALTER TABLE user_engine.users OWNER TO ${runtime}`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'member-of-the-owner', title: 'makes the runtime a member of the role that owns the schema' },
    ({ runtime, owner }) => `GRANT ${owner} TO ${runtime}`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'creates-in-the-schema', title: 'lets the relay create in the schema' },
    ({ relay }) => `GRANT CREATE ON SCHEMA user_engine TO ${relay}`,
  ),
  brokenInDatabase(
    'CAP-02',
    { id: 'migration-without-the-owner', title: 'gives migrations a login that is not the owner' },
    ({ migration, owner }) => `REVOKE ${owner} FROM ${migration}`,
  ),
  {
    breaks: 'CAP-02',
    id: 'one-login-for-two',
    title: 'hands the login of the runtime over for the relay as well',
    handOver: async ({ capability }) => ({
      capability: {
        ...capability,
        async lease(role) {
          if (role !== 'relay') return await capability.lease(role)
          return { ...(await capability.lease('runtime')), leaseId: 'relay' }
        },
      },
    }),
  },
  {
    breaks: 'CAP-02',
    id: 'logins-swapped',
    title: 'takes the login of the runtime for that of the relay, and the other way round',
    handOver: async ({ capability }) => {
      const other = { runtime: 'relay', relay: 'runtime', migration: 'migration' } as const
      return { capability: { ...capability, lease: (role) => capability.lease(other[role]) } }
    },
  },
]

function above(login: string): string {
  return login.replace(/"$/, '_above"')
}
