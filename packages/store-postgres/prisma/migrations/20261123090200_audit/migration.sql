-- The audit trail; tenant_id '' is the platform. Records are appended together with the commit, so that `seq` is
-- the order of commits per tenant [AUD-06].

CREATE TABLE audit_records (
  tenant_id text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  occurred_at timestamptz(3) NOT NULL,
  actor_type text COLLATE "C" NOT NULL,
  actor_id text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  target_type text COLLATE "C" NOT NULL,
  target_id text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('allowed', 'denied', 'failed')),
  reason text COLLATE "C",
  changed_fields jsonb NOT NULL,
  correlation_id text COLLATE "C",
  causation_id text COLLATE "C",
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX audit_records_tenant_id_seq_key ON audit_records (tenant_id, seq);
CREATE INDEX audit_records_actor_idx ON audit_records (tenant_id, actor_id, actor_type, seq);
CREATE INDEX audit_records_target_idx ON audit_records (tenant_id, target_id, target_type, seq);
CREATE INDEX audit_records_action_idx ON audit_records (tenant_id, action, seq);
CREATE INDEX audit_records_refused_idx ON audit_records (tenant_id, outcome, seq) WHERE outcome <> 'allowed';
CREATE INDEX audit_records_occurred_at_idx ON audit_records (tenant_id, occurred_at, seq);

-- Refused for everybody, the owner included [AUD-01].
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit records are append-only' USING ERRCODE = 'UE001';
END
$$;

CREATE TRIGGER audit_records_append_only
  BEFORE UPDATE OR DELETE ON audit_records FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_records_no_truncate
  BEFORE TRUNCATE ON audit_records FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
