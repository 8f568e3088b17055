-- What belongs to the platform: users, accounts, external identities, applications, catalogs, global profile values.
-- Names are unqualified: the runner sets search_path to the schema the provider handed over.
-- Text is COLLATE "C": equality and order are those of the bytes [IDN-04, QRY-02].
-- Statuses are text with a check, not enums: enum equality is not leakproof and would lose its index under row security.

-- The oldest migration a release must know in order to serve this schema. A migration that the release before it
-- cannot live with raises it [MIG-02, MIG-04].
CREATE TABLE schema_compatibility (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  oldest_known_migration text NOT NULL
);

CREATE TABLE users (
  id uuid PRIMARY KEY,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('person', 'agent')),
  display_name text COLLATE "C",
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'suspended', 'deactivated')),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  -- The inserting transaction sees the row before a tenant account makes it visible to the tenant [TXN-06, TEN-02]. Its
  -- number alone would not tell: numbers begin again where a dump is restored, and another tenant's transaction gets it.
  created_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_in_since timestamptz NOT NULL DEFAULT transaction_timestamp()
);

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT accounts_user_id_fkey REFERENCES users (id),
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('human', 'service')),
  name text COLLATE "C",
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'suspended', 'deactivated')),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  created_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_in_since timestamptz NOT NULL DEFAULT transaction_timestamp()
);

CREATE INDEX accounts_user_id_id_idx ON accounts (user_id, id);

CREATE TABLE external_identities (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT external_identities_user_id_fkey REFERENCES users (id),
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  -- The subject first: issuers are few and long, subjects tell rows apart at once [IDN-01].
  CONSTRAINT external_identities_subject_issuer_key UNIQUE (subject, issuer)
);

CREATE INDEX external_identities_user_id_id_idx ON external_identities (user_id, id);

CREATE TABLE applications (
  id uuid PRIMARY KEY,
  key text COLLATE "C" NOT NULL CONSTRAINT applications_key_key UNIQUE,
  name text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'retired')),
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

CREATE TABLE catalogs (
  id uuid PRIMARY KEY,
  application_id uuid CONSTRAINT catalogs_application_id_fkey REFERENCES applications (id),
  key text COLLATE "C" NOT NULL,
  catalog_version integer NOT NULL CHECK (catalog_version >= 1),
  status text COLLATE "C" NOT NULL CHECK (status IN ('draft', 'published', 'retired')),
  attributes jsonb NOT NULL,
  breaking_changes jsonb NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT catalogs_family_version_key UNIQUE NULLS NOT DISTINCT (application_id, key, catalog_version)
);

CREATE TABLE global_profile_values (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT global_profile_values_user_id_fkey REFERENCES users (id),
  attribute_key text COLLATE "C" NOT NULL,
  value jsonb NOT NULL,
  provenance jsonb NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT global_profile_values_user_id_attribute_key_key UNIQUE (user_id, attribute_key)
);
