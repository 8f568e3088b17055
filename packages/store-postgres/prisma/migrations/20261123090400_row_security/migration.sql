-- The tenant boundary, enforced by the engine [TEN-06]. Every transaction of the store sets `user_engine.scope` for
-- itself: to the tenant, or to ' p' for the platform or ' r' for the relay, which no tenant is called because its id has no
-- space. Missing or empty means no rows [TEN-05]: a custom setting that was set in an earlier transaction of the session
-- reads back as ''.

-- What the rows of a tenant compare their tenant with; equal to that of no row when the scope is another. Written so that
-- the planner sees a setting and nothing else: it costs one look-up, as a condition of an index one per scan.
CREATE FUNCTION scope_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('user_engine.scope', true);

-- The tenant of the transaction, '' for the platform, null when no scope is set.
CREATE FUNCTION scope_key() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
  WHEN current_setting('user_engine.scope', true) COLLATE "C" >= '!' THEN current_setting('user_engine.scope', true)
  WHEN current_setting('user_engine.scope', true) = ' p' THEN ''
END;

CREATE FUNCTION scope_is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('user_engine.scope', true) = ' p', false);

CREATE FUNCTION scope_is_relay() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('user_engine.scope', true) = ' r', false);

-- In the policies below a look-up by the row's columns is a scalar subquery on purpose: EXISTS may be planned as a hash of
-- the whole tenant. What is likely or cheap is asked first.

ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY users_visible ON users FOR SELECT USING (
  (created_in = pg_current_xact_id_if_assigned() AND created_in_since = transaction_timestamp() AND scope_key() IS NOT NULL)
  OR (SELECT true FROM tenant_accounts t WHERE t.tenant_id = scope_tenant() AND t.user_id = users.id LIMIT 1)
  OR scope_is_platform()
);
CREATE POLICY users_insert ON users FOR INSERT WITH CHECK (scope_key() IS NOT NULL);
CREATE POLICY users_update ON users FOR UPDATE USING (
  (created_in = pg_current_xact_id_if_assigned() AND created_in_since = transaction_timestamp() AND scope_key() IS NOT NULL)
  OR (SELECT true FROM tenant_accounts t WHERE t.tenant_id = scope_tenant() AND t.user_id = users.id LIMIT 1)
  OR scope_is_platform()
);

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY accounts_visible ON accounts FOR SELECT USING (
  (created_in = pg_current_xact_id_if_assigned() AND created_in_since = transaction_timestamp() AND scope_key() IS NOT NULL)
  OR (SELECT true FROM tenant_accounts t WHERE t.tenant_id = scope_tenant() AND t.account_id = accounts.id LIMIT 1)
  OR scope_is_platform()
);
CREATE POLICY accounts_insert ON accounts FOR INSERT
  WITH CHECK ((SELECT true FROM users u WHERE u.id = accounts.user_id));
CREATE POLICY accounts_update ON accounts FOR UPDATE USING (
  (created_in = pg_current_xact_id_if_assigned() AND created_in_since = transaction_timestamp() AND scope_key() IS NOT NULL)
  OR (SELECT true FROM tenant_accounts t WHERE t.tenant_id = scope_tenant() AND t.account_id = accounts.id LIMIT 1)
  OR scope_is_platform()
);

-- Identities and global values follow their user; the user's own policy decides what is visible.
ALTER TABLE external_identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY external_identities_of_visible_users ON external_identities FOR ALL USING (
  (SELECT true FROM tenant_accounts t
    WHERE t.tenant_id = scope_tenant() AND t.user_id = external_identities.user_id LIMIT 1)
  OR (SELECT true FROM users u WHERE u.id = external_identities.user_id)
  OR scope_is_platform()
);

ALTER TABLE global_profile_values ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY global_profile_values_of_visible_users ON global_profile_values FOR ALL USING (
  (SELECT true FROM tenant_accounts t
    WHERE t.tenant_id = scope_tenant() AND t.user_id = global_profile_values.user_id LIMIT 1)
  OR (SELECT true FROM users u WHERE u.id = global_profile_values.user_id)
  OR scope_is_platform()
);

-- Applications and catalogs: read in every scope, written in a platform scope.
ALTER TABLE applications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY applications_read ON applications FOR SELECT USING (scope_key() IS NOT NULL);
CREATE POLICY applications_insert ON applications FOR INSERT WITH CHECK (scope_is_platform());
CREATE POLICY applications_update ON applications FOR UPDATE USING (scope_is_platform());

ALTER TABLE catalogs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY catalogs_read ON catalogs FOR SELECT USING (scope_key() IS NOT NULL);
CREATE POLICY catalogs_insert ON catalogs FOR INSERT WITH CHECK (scope_is_platform());
CREATE POLICY catalogs_update ON catalogs FOR UPDATE USING (scope_is_platform());

-- Tenant accounts: the tenant's own; a platform scope sees which tenants a user is in, and brings accounts into one. No
-- policy for reading them may have a subquery: the policy of accounts looks at tenant_accounts, and the one for inserting
-- them looks at accounts, which Postgres would take for a cycle.
ALTER TABLE tenant_accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_accounts_read ON tenant_accounts FOR SELECT
  USING (tenant_id = scope_tenant() OR scope_is_platform());
CREATE POLICY tenant_accounts_insert ON tenant_accounts FOR INSERT WITH CHECK (
  (tenant_id = scope_tenant() OR scope_is_platform())
  AND (SELECT true FROM accounts a WHERE a.id = tenant_accounts.account_id AND a.user_id = tenant_accounts.user_id LIMIT 1)
);
CREATE POLICY tenant_accounts_update ON tenant_accounts FOR UPDATE USING (tenant_id = scope_tenant());

ALTER TABLE memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY memberships_of_tenant ON memberships FOR ALL USING (tenant_id = scope_tenant());

ALTER TABLE application_bindings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY application_bindings_of_tenant ON application_bindings FOR ALL USING (tenant_id = scope_tenant());

ALTER TABLE tenant_profile_values ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_profile_values_of_tenant ON tenant_profile_values FOR ALL
  USING (tenant_id = scope_tenant())
  WITH CHECK (
    tenant_id = scope_tenant() AND (SELECT true FROM users u WHERE u.id = tenant_profile_values.user_id)
  );

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_of_scope ON idempotency_keys FOR ALL USING (tenant_id = scope_key());
CREATE POLICY idempotency_keys_retention ON idempotency_keys FOR DELETE USING (scope_is_relay());
CREATE POLICY idempotency_keys_retention_read ON idempotency_keys FOR SELECT USING (scope_is_relay());

-- Audit and outbox: a scope reads its own; a platform scope may append to any tenant's.
ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_records_read ON audit_records FOR SELECT USING (tenant_id = scope_key());
CREATE POLICY audit_records_append ON audit_records FOR INSERT
  WITH CHECK (tenant_id = scope_key() OR scope_is_platform());

-- What the relay reads it reads by the hundred: whether it is the relay is asked once per statement.
ALTER TABLE outbox_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_events_read ON outbox_events FOR SELECT
  USING ((SELECT scope_is_relay()) OR tenant_id = (SELECT scope_key()));
CREATE POLICY outbox_events_append ON outbox_events FOR INSERT
  WITH CHECK (tenant_id = scope_key() OR scope_is_platform());
-- No event is ever changed, but the number of the transaction that appended it, when a restore brings it to another cluster.
CREATE POLICY outbox_events_restored ON outbox_events FOR UPDATE USING (scope_is_relay());

-- Partitions are reached through their table, whose policies decide. By themselves they are open to nobody but the owner,
-- who looks whether one may go. Those that are made later get the same (src/outbox-partitions/partition-sql.ts).
ALTER TABLE outbox_events_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_partition_read ON outbox_events_default FOR SELECT USING (scope_is_relay());

-- Every scope needs to know how far the log has been taken, to say what is pending.
ALTER TABLE outbox_leases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_leases_read ON outbox_leases FOR SELECT
  USING (scope_is_relay() OR scope_key() IS NOT NULL);
CREATE POLICY outbox_leases_claim ON outbox_leases FOR INSERT WITH CHECK (scope_is_relay());
CREATE POLICY outbox_leases_settle ON outbox_leases FOR UPDATE USING (scope_is_relay());
CREATE POLICY outbox_leases_forget ON outbox_leases FOR DELETE USING (scope_is_relay());

ALTER TABLE outbox_deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_deliveries_read ON outbox_deliveries FOR SELECT
  USING ((SELECT scope_is_relay()) OR tenant_id = (SELECT scope_key()));
CREATE POLICY outbox_deliveries_relay ON outbox_deliveries FOR ALL USING ((SELECT scope_is_relay()));

ALTER TABLE outbox_dead_letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_dead_letters_read ON outbox_dead_letters FOR SELECT
  USING ((SELECT scope_is_relay()) OR tenant_id = (SELECT scope_key()));
CREATE POLICY outbox_dead_letters_relay ON outbox_dead_letters FOR ALL USING ((SELECT scope_is_relay()));

CREATE FUNCTION sees_user(of_user uuid) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT AS $$
BEGIN
  RETURN scope_is_platform()
    OR EXISTS (SELECT 1 FROM tenant_accounts t WHERE t.tenant_id = scope_key() AND t.user_id = of_user)
    OR EXISTS (SELECT 1 FROM users u WHERE u.id = of_user AND u.created_in = pg_current_xact_id_if_assigned()
      AND u.created_in_since = transaction_timestamp());
END
$$;

-- Refusals that a statement raises itself, so that a whole unit of work can travel in one round trip: the error
-- says what the store's caller has to know and is mapped in one place. All of them run as the caller, under row
-- security.

-- A change that met no row: gone or never there (UE404), or there with another version (UE409). What the scope sees is
-- said here once more, so that the answer is right without the policies as well.
CREATE FUNCTION refuse_change(entity text, record_id uuid) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  current_version integer;
BEGIN
  CASE entity
    WHEN 'user' THEN
      SELECT version INTO current_version FROM users WHERE id = record_id AND sees_user(id);
    WHEN 'account' THEN
      SELECT version INTO current_version FROM accounts WHERE id = record_id AND (
        scope_is_platform() OR (created_in = pg_current_xact_id_if_assigned() AND created_in_since = transaction_timestamp())
        OR EXISTS (SELECT 1 FROM tenant_accounts t WHERE t.tenant_id = scope_key() AND t.account_id = accounts.id));
    WHEN 'external-identity' THEN
      SELECT version INTO current_version FROM external_identities WHERE id = record_id AND sees_user(user_id);
    WHEN 'global-profile-value' THEN
      SELECT version INTO current_version FROM global_profile_values WHERE id = record_id AND sees_user(user_id);
    WHEN 'tenant-account' THEN
      SELECT version INTO current_version FROM tenant_accounts WHERE tenant_id = scope_key() AND id = record_id;
    WHEN 'membership' THEN
      SELECT version INTO current_version FROM memberships WHERE tenant_id = scope_key() AND id = record_id;
    WHEN 'application-binding' THEN
      SELECT version INTO current_version FROM application_bindings WHERE tenant_id = scope_key() AND id = record_id;
    WHEN 'profile-value' THEN
      SELECT version INTO current_version FROM tenant_profile_values WHERE tenant_id = scope_key() AND id = record_id;
  END CASE;
  IF current_version IS NULL THEN
    RAISE EXCEPTION 'no such record in this scope' USING ERRCODE = 'UE404', DETAIL = '{}';
  END IF;
  RAISE EXCEPTION 'the record has another version' USING ERRCODE = 'UE409',
    DETAIL = json_build_object('currentVersion', current_version);
END
$$;

-- A row that names a record the scope does not see (UE404).
CREATE FUNCTION refuse_reference(entity text, record_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a referenced record does not exist in this scope' USING ERRCODE = 'UE404',
    DETAIL = json_build_object('entity', entity, 'id', record_id);
END
$$;

-- Events that the token does not hold (UE412).
CREATE FUNCTION refuse_stale_lease(token bigint, event_ids uuid[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the token does not hold these events' USING ERRCODE = 'UE412',
    DETAIL = json_build_object('token', token, 'eventIds', event_ids);
END
$$;

INSERT INTO schema_compatibility (oldest_known_migration) VALUES ('20261123090400_row_security');
