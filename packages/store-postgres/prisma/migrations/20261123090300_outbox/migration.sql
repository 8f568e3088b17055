-- The outbox: an append-only log of events and, beside it, one narrow row per event that is not yet settled.
-- Claims and acknowledgements touch the narrow rows only; tenant_id '' is the platform.

-- The order of appends. Drawn by the appending statement rather than by the column, because what a platform scope
-- appends for a tenant it may not read back.
CREATE SEQUENCE outbox_positions AS bigint;

CREATE TABLE outbox_events (
  tenant_id text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  seq bigint NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  schema_version integer NOT NULL CHECK (schema_version >= 1),
  payload jsonb NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  correlation_id text COLLATE "C",
  causation_id text COLLATE "C",
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX outbox_events_tenant_id_seq_key ON outbox_events (tenant_id, seq);

-- Unsettled events. An acknowledgement deletes the row; a row without a token has never been handed over.
CREATE TABLE outbox_deliveries (
  seq bigint PRIMARY KEY,
  tenant_id text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  -- The fencing token of the claim that holds or last held the event [OBX-03].
  token bigint,
  consumer text COLLATE "C",
  leased_until timestamptz,
  -- Not handed over before this instant, after a nack.
  retry_at timestamptz
) WITH (fillfactor = 60);

CREATE INDEX outbox_deliveries_aggregate_idx ON outbox_deliveries (aggregate_type, aggregate_id, seq);
CREATE INDEX outbox_deliveries_tenant_id_seq_idx ON outbox_deliveries (tenant_id, seq);
CREATE INDEX outbox_deliveries_event_idx ON outbox_deliveries (event_id, tenant_id);

CREATE TABLE outbox_dead_letters (
  seq bigint PRIMARY KEY,
  -- The order in which they died [OBX-07].
  position bigint GENERATED ALWAYS AS IDENTITY,
  tenant_id text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  attempts integer NOT NULL,
  reason text COLLATE "C" NOT NULL,
  dead_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

CREATE UNIQUE INDEX outbox_dead_letters_position_key ON outbox_dead_letters (position);
CREATE INDEX outbox_dead_letters_tenant_id_seq_idx ON outbox_dead_letters (tenant_id, seq);
CREATE INDEX outbox_dead_letters_event_idx ON outbox_dead_letters (event_id, tenant_id);

-- Fencing tokens only grow, also across restarts and failovers [OBX-03].
CREATE SEQUENCE outbox_tokens AS bigint;
