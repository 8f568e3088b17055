-- The outbox: an append-only log of events, the claims that have moved along it, and a table of what did not go straight.
-- An event that is handed over once and acknowledged is one row of the log and nothing else. tenant_id '' is the platform.

-- The order of appends. One value at a time (CACHE 1): a value that is drawn later is higher, in whatever session.
CREATE SEQUENCE outbox_positions AS bigint;

CREATE TABLE outbox_events (
  -- Stands before `seq`, because defaults are evaluated in the order of the columns: whoever draws a position has a
  -- transaction id by then, and claims rely on it (see claim_outbox_events).
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('outbox_positions'),
  appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  id uuid NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  -- The event as it leaves, whole: it is read whole or not at all. An array of id, tenant id, aggregate type, aggregate id,
  -- type, schema version, instant, correlation id, causation id and payload.
  event json NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);

CREATE INDEX outbox_events_tenant_id_seq_idx ON outbox_events (tenant_id, seq);
CREATE INDEX outbox_events_seq_idx ON outbox_events (seq);
-- What a transaction appended that commits after its positions have been passed [OBX-01].
CREATE INDEX outbox_events_xid_seq_idx ON outbox_events (xid, seq);

-- Ids begin with a time, so a partition is a span of time; those ahead are made, and old ones are dropped, by whoever owns
-- the schema. Whatever has no partition of its own is here.
CREATE TABLE outbox_events_default PARTITION OF outbox_events DEFAULT;

-- One row per claim: what it leased, and where the log stood after it. The newest row is the state of the outbox; it is
-- found at the right edge of the key, and every other row by exact key, so that versions which no vacuum has removed are
-- never walked over. It belongs to the platform: a claim spans tenants.
CREATE TABLE outbox_leases (
  -- The fencing token [OBX-03].
  token bigint PRIMARY KEY,
  consumer text COLLATE "C" NOT NULL,
  leased_until timestamptz NOT NULL,
  -- The events handed over for the first time, in that order, and the aggregates they are about.
  seqs bigint[] NOT NULL,
  aggregates bigint[] NOT NULL,
  -- One bit for each of them, set when it has left the lease; and how many have not.
  settled bit varying NOT NULL,
  open integer NOT NULL,
  -- Whether an event of another claim waits behind one of these.
  followed boolean NOT NULL,
  -- Whether the events are picked from the log; otherwise they are all from the first to the last, but for those of the
  -- transactions in `late`.
  picked boolean NOT NULL,
  -- Everything up to here has been taken, except what the transactions in `late` appended above `late_floor` ...
  position bigint NOT NULL,
  late xid8[] NOT NULL,
  late_floor bigint NOT NULL,
  -- ... and what these, which have ended, appended above `ended_taken`: too much for one claim.
  ended xid8[] NOT NULL,
  ended_taken bigint NOT NULL,
  -- The other leases that may still hold events.
  live bigint[] NOT NULL,
  -- No delivery has a lower position, and none is due at this time or earlier.
  lowest_delivery bigint NOT NULL,
  nothing_due_until timestamptz NOT NULL
) WITH (fillfactor = 50);

INSERT INTO outbox_leases VALUES (0, '', '-infinity', '{}', '{}', '', 0, false, false, 0, '{}', 0, '{}', 0, '{}',
  9223372036854775807, '-infinity');

-- Fencing tokens only grow, also across restarts and failovers [OBX-03].
CREATE SEQUENCE outbox_tokens AS bigint;

-- Events that did not go straight: given back, left behind by a lease that ran out, kept back by an earlier event of their
-- aggregate, or replayed.
CREATE TABLE outbox_deliveries (
  tenant_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  aggregate bigint NOT NULL,
  attempts integer NOT NULL,
  -- The claim that holds or last held it; null when nobody may settle it.
  token bigint,
  -- When it may be handed over (again): the end of its lease, or of its wait after a nack. Null while it waits behind
  -- another event of its aggregate.
  due_at timestamptz,
  PRIMARY KEY (tenant_id, seq)
) WITH (fillfactor = 70);

CREATE INDEX outbox_deliveries_seq_idx ON outbox_deliveries (seq);
CREATE INDEX outbox_deliveries_aggregate_idx ON outbox_deliveries (aggregate, seq);
CREATE INDEX outbox_deliveries_event_idx ON outbox_deliveries (event_id, tenant_id);
CREATE INDEX outbox_deliveries_due_at_idx ON outbox_deliveries (due_at, seq);

CREATE TABLE outbox_dead_letters (
  tenant_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  -- The order in which they died [OBX-07].
  position bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid NOT NULL,
  attempts integer NOT NULL,
  reason text COLLATE "C" NOT NULL,
  dead_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, seq)
);

CREATE INDEX outbox_dead_letters_seq_idx ON outbox_dead_letters (seq);
CREATE INDEX outbox_dead_letters_position_idx ON outbox_dead_letters (position);
CREATE INDEX outbox_dead_letters_event_idx ON outbox_dead_letters (event_id, tenant_id);
