import { type BrokenProvider, brokenInDatabase } from '../provider-under-proof.ts'

const TABLE = 'user_engine.memberships'

/** Databases in which something leads around row-level security. */
export const BROKEN_BOUNDARIES: readonly BrokenProvider[] = [
  brokenInDatabase(
    'CAP-07',
    { id: 'no-force', title: 'lets the owner of a table see past its policies' },
    () => `ALTER TABLE ${TABLE} NO FORCE ROW LEVEL SECURITY`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'no-row-security', title: 'switches row-level security off on a table' },
    () => `ALTER TABLE ${TABLE} DISABLE ROW LEVEL SECURITY`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'no-policy', title: 'drops the policy of a table' },
    () => `DROP POLICY memberships_of_tenant ON ${TABLE}`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'open-policy', title: 'adds a policy that lets every row pass' },
    () => `CREATE POLICY leak ON ${TABLE} FOR SELECT USING (true)`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'leaking-view', title: 'adds a view that reads with the rights of its owner' },
    ({ runtime }) => `CREATE SCHEMA reports; CREATE VIEW reports.users AS SELECT * FROM user_engine.users;
      GRANT USAGE ON SCHEMA reports TO ${runtime}; GRANT SELECT ON reports.users TO ${runtime}`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'materialized-view', title: 'keeps a copy of a table in a materialized view' },
    () => `CREATE SCHEMA reports; CREATE MATERIALIZED VIEW reports.members AS SELECT * FROM ${TABLE}`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'definer-function', title: 'adds a function that reads with the rights of the owner' },
    ({ owner }) => `CREATE FUNCTION user_engine.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        AS 'SELECT count(*) FROM user_engine.users';
      ALTER FUNCTION user_engine.peek() OWNER TO ${owner}`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'foreign-table', title: 'keeps a table of its own in the schema' },
    () => 'CREATE TABLE user_engine.tickets (id integer)',
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'foreign-trigger', title: 'copies every change of a user with a trigger of its own' },
    () => `CREATE SCHEMA cdc; CREATE TABLE cdc.changes (seen text);
      CREATE FUNCTION cdc.copy() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO cdc.changes VALUES (NEW.id::text); RETURN NEW; END';
      CREATE TRIGGER copy AFTER UPDATE ON user_engine.users FOR EACH ROW EXECUTE FUNCTION cdc.copy()`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'foreign-rule', title: 'copies every new user with a rule of its own' },
    () => `CREATE SCHEMA cdc; CREATE TABLE cdc.users (id uuid);
      CREATE RULE copy AS ON INSERT TO user_engine.users DO ALSO INSERT INTO cdc.users VALUES (NEW.id)`,
  ),
  brokenInDatabase(
    'CAP-07',
    { id: 'public-rights', title: 'lets everybody read the audit records' },
    () => 'GRANT USAGE ON SCHEMA user_engine TO PUBLIC; GRANT SELECT ON user_engine.audit_records TO PUBLIC',
  ),
]
