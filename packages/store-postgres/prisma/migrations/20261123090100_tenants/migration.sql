-- What belongs to a tenant. Every key leads with the tenant: ids and natural keys of two tenants live side by side
-- [TEN-03], partitions prune, and the tables can be distributed by tenant.
-- Users and accounts are never deleted, so rows here name them without a foreign key: the store checks that they
-- exist and are visible when it inserts, and no lock on the platform's rows is taken.

CREATE TABLE tenant_accounts (
  tenant_id text COLLATE "C" NOT NULL CHECK (tenant_id >= '!'),
  id uuid NOT NULL,
  account_id uuid NOT NULL,
  user_id uuid NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('invited', 'active', 'suspended', 'left')),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT tenant_accounts_tenant_id_account_id_key UNIQUE (tenant_id, account_id)
);

-- Who is in the tenant [TEN-02], and the tenant's users by id. No other index may lead with the user: whether a user is in a
-- tenant would cost the same by both, and by that one the users of a page would lie on a page each.
CREATE INDEX tenant_accounts_tenant_id_user_id_id_idx ON tenant_accounts (tenant_id, user_id, id);
-- The tenants of one account, and so of a user, for a platform scope.
CREATE INDEX tenant_accounts_account_id_tenant_id_id_idx ON tenant_accounts (account_id, tenant_id, id);

CREATE TABLE memberships (
  tenant_id text COLLATE "C" NOT NULL CHECK (tenant_id >= '!'),
  id uuid NOT NULL,
  tenant_account_id uuid NOT NULL,
  group_key text COLLATE "C" NOT NULL,
  role_key text COLLATE "C" NOT NULL,
  valid_from timestamptz(3),
  valid_until timestamptz(3),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT memberships_natural_key UNIQUE (tenant_id, tenant_account_id, group_key, role_key),
  CONSTRAINT memberships_tenant_account_fkey FOREIGN KEY (tenant_id, tenant_account_id)
    REFERENCES tenant_accounts (tenant_id, id)
);

CREATE INDEX memberships_tenant_id_group_key_id_idx ON memberships (tenant_id, group_key, id);

CREATE TABLE application_bindings (
  tenant_id text COLLATE "C" NOT NULL CHECK (tenant_id >= '!'),
  id uuid NOT NULL,
  application_id uuid NOT NULL CONSTRAINT application_bindings_application_id_fkey REFERENCES applications (id),
  catalog_id uuid NOT NULL CONSTRAINT application_bindings_catalog_id_fkey REFERENCES catalogs (id),
  status text COLLATE "C" NOT NULL CHECK (status IN ('enabled', 'disabled')),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT application_bindings_tenant_id_application_id_key UNIQUE (tenant_id, application_id)
);

-- application_id null: a value of the tenant; otherwise of one application within it.
CREATE TABLE tenant_profile_values (
  tenant_id text COLLATE "C" NOT NULL CHECK (tenant_id >= '!'),
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  application_id uuid CONSTRAINT tenant_profile_values_application_id_fkey REFERENCES applications (id),
  attribute_key text COLLATE "C" NOT NULL,
  value jsonb NOT NULL,
  provenance jsonb NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT tenant_profile_values_natural_key
    UNIQUE NULLS NOT DISTINCT (tenant_id, user_id, attribute_key, application_id)
);

-- The first result of every idempotency key; tenant_id '' is the platform [TXN-04].
CREATE TABLE idempotency_keys (
  tenant_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  result jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, key)
);

CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
