/** The version of both files, kept in `PRAGMA user_version`. */
export const SCHEMA_VERSION = 1

/** One table per kind: the record as a JSON document, and beside it the columns that uniqueness, tenant and order need. */
export const DOMAIN_SCHEMA = `
  CREATE TABLE users (id TEXT PRIMARY KEY, doc TEXT NOT NULL);
  CREATE TABLE accounts (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, doc TEXT NOT NULL);
  CREATE INDEX accounts_by_user ON accounts (user_id, id);
  CREATE TABLE tenant_accounts (
    tenant_id TEXT NOT NULL, id TEXT NOT NULL, account_id TEXT NOT NULL, user_id TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, account_id));
  CREATE INDEX tenant_accounts_by_user ON tenant_accounts (user_id, tenant_id, id);
  CREATE TABLE external_identities (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, doc TEXT NOT NULL,
    UNIQUE (issuer, subject));
  CREATE INDEX external_identities_by_user ON external_identities (user_id, id);
  CREATE TABLE applications (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
  CREATE TABLE application_bindings (
    tenant_id TEXT NOT NULL, id TEXT NOT NULL, application_id TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, application_id));
  CREATE TABLE catalogs (
    id TEXT PRIMARY KEY, application_id TEXT NOT NULL, key TEXT NOT NULL, catalog_version INTEGER NOT NULL,
    doc TEXT NOT NULL, UNIQUE (application_id, key, catalog_version));
  CREATE TABLE profile_values (
    tenant_id TEXT NOT NULL, level INTEGER NOT NULL, id TEXT NOT NULL, user_id TEXT NOT NULL,
    application_id TEXT NOT NULL, attribute_key TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, level, id), UNIQUE (user_id, tenant_id, application_id, attribute_key, level));
  CREATE TABLE memberships (
    tenant_id TEXT NOT NULL, id TEXT NOT NULL, tenant_account_id TEXT NOT NULL, group_key TEXT NOT NULL,
    role TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, tenant_account_id, group_key, role));
  CREATE INDEX memberships_by_group ON memberships (tenant_id, group_key, id);
  ${auditTable('audit_records')}
  CREATE TABLE outbox_events (
    position INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, id TEXT NOT NULL,
    aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, appended_at INTEGER NOT NULL, doc TEXT NOT NULL,
    UNIQUE (tenant_id, id));
  CREATE INDEX outbox_events_by_tenant ON outbox_events (tenant_id, position);
  CREATE TABLE idempotency_keys (
    tenant_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (tenant_id, key));
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/**
 * What must never wait for an open unit of work has a file of its own: SQLite has one writer per file. Denials
 * [AUD-04], and how far each event has come: an acknowledged one has no row any more [OBX-08].
 */
export const BESIDE_SCHEMA = `
  ${auditTable('denials')}
  CREATE TABLE deliveries (
    position INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, id TEXT NOT NULL, aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL, appended_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    token INTEGER, leased_until INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0,
    death INTEGER UNIQUE, dead_at INTEGER, reason TEXT);
  CREATE INDEX deliveries_by_id ON deliveries (id);
  CREATE INDEX deliveries_alive ON deliveries (aggregate_type, aggregate_id, position) WHERE death IS NULL;
  CREATE TABLE counters (token INTEGER NOT NULL, taken_over INTEGER NOT NULL, deaths INTEGER NOT NULL);
  INSERT INTO counters VALUES (0, 0, 0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/**
 * What one connection has for itself: what its transaction created and may therefore see [TEN-02], and the audit
 * records that get their place in the order at the commit [AUD-06].
 */
export const OWN_SCHEMA = `
  PRAGMA temp_store = MEMORY;
  CREATE TEMP TABLE created (kind TEXT, id TEXT, PRIMARY KEY (kind, id));
  CREATE TEMP TABLE pending_audit (
    step INTEGER PRIMARY KEY, tenant_id TEXT, id TEXT, actor TEXT, target TEXT, action TEXT, outcome TEXT,
    occurred_at TEXT, doc TEXT, UNIQUE (tenant_id, id));
  CREATE TEMP VIEW audit_log AS
    SELECT * FROM main.audit_records
    UNION ALL SELECT * FROM beside.denials
    UNION ALL SELECT step + max(
        (SELECT coalesce(max(position), 0) FROM main.audit_records),
        (SELECT coalesce(max(position), 0) FROM beside.denials)),
      tenant_id, id, actor, target, action, outcome, occurred_at, doc FROM temp.pending_audit;
`

// REPLACE deletes without asking the delete trigger, so the insert is guarded as well.
function auditTable(table: string): string {
  const refuse = `BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;`
  return `
  CREATE TABLE ${table} (
    position INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, id TEXT NOT NULL, actor TEXT NOT NULL, target TEXT NOT NULL,
    action TEXT NOT NULL, outcome TEXT NOT NULL, occurred_at TEXT NOT NULL, doc TEXT NOT NULL, UNIQUE (tenant_id, id));
  CREATE INDEX ${table}_by_tenant ON ${table} (tenant_id, position);
  CREATE TRIGGER ${table}_update BEFORE UPDATE ON ${table} ${refuse}
  CREATE TRIGGER ${table}_delete BEFORE DELETE ON ${table} ${refuse}
  CREATE TRIGGER ${table}_replace BEFORE INSERT ON ${table} WHEN EXISTS (
    SELECT 1 FROM ${table} WHERE position = NEW.position OR (tenant_id = NEW.tenant_id AND id = NEW.id)) ${refuse}`
}
